namespace Folio.Compute.Cuda.Sampling;

/// <summary>What the launches of sampling take. Results depend on none of it.</summary>
/// <remarks>
/// In order, on one stream: penalize and apply_mask where rows ask; chunk_maxima over all rows; weigh if a draw <see cref="Draw.IsWeighed"/>, cut if one
/// <see cref="Draw.IsCut"/>; race. Log-probabilities are those of untouched rows, so where a row is penalized, masked or kept they need a copy of it and its maxima.
/// </remarks>
internal static class SamplePlan
{
    /// <summary>Ids of a chunk.</summary>
    public const int ChunkIds = 128;

    /// <summary>Bytes of a draw's state, which is zero between draws.</summary>
    public const int StateBytes = 64;

    /// <summary>Threads of chunk_maxima, weigh, race, penalize and apply_mask.</summary>
    public const int RowThreads = 256;

    /// <summary>Threads of cut, log_sum_exp and rank_ids, which have a block a draw, row or id.</summary>
    public const int BlockThreads = 1024;

    /// <summary>Threads of likeliest, which has a block a row.</summary>
    public const int LikeliestThreads = 512;

    /// <summary>Shared memory of weigh, race, log_sum_exp and rank_ids.</summary>
    public const int SumBytes = 256;

    /// <summary>Shared memory of cut.</summary>
    public const int SelectBytes = 2 * 2048 * sizeof(uint) + 128 + SumBytes;

    /// <summary>Shared memory of likeliest.</summary>
    public const int LikeliestBytes = SelectBytes + 256 + 128;

    /// <summary>The most ids that likeliest tells.</summary>
    public const int MostLikeliest = 32;

    public static int Chunks(int vocabulary) => (vocabulary + ChunkIds - 1) / ChunkIds;

    /// <summary>Blocks that share a row in chunk_maxima, weigh and race: what fills the card at once, each warp with a chunk at least.</summary>
    /// <param name="rows">Rows, or draws: the other dimension of the grid.</param>
    public static int BlocksPerRow(int rows, int vocabulary, int multiprocessors)
    {
        const int resident = 2048 / RowThreads, warps = RowThreads / 32;
        return Math.Clamp(multiprocessors * resident / Math.Max(1, rows), 1, (Chunks(vocabulary) + warps - 1) / warps);
    }
}
