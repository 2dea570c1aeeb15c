using Folio.Compute;

namespace Folio.Engine;

/// <summary>What the loop needs of a model: one forward pass over one ragged batch, its logits and its last states.</summary>
/// <remarks>
/// A seam: tests run the scheduler and the paging over a model whose whole answer is a hash of what it reads from the cache.
/// A backend beside the host does everything in the order in which it is asked for: whatever touches the cache comes behind the steps launched before, and what waits for
/// something may throw what went wrong in any of them.
/// </remarks>
internal interface IModelRunner : IDisposable
{
    int VocabularySize { get; }

    /// <summary>Whether steps run beside the host: then <see cref="Execute"/> and <see cref="BeginSample"/> only launch, and the loop plans and launches a step while the one before runs.</summary>
    bool RunsBeside { get; }

    /// <summary>Copy-on-write, before the step that writes.</summary>
    void CopyBlocks(ReadOnlySpan<BlockCopy> copies);

    /// <summary>Copies blocks of the cache (sources) to slots of a swap tier (destinations). Comes before all other copies of a step, and where steps run beside the host with none in flight.</summary>
    void SwapOut(SwapTier tier, ReadOnlySpan<BlockCopy> copies);

    /// <summary>Copies slots of a swap tier (sources) back to blocks of the cache (destinations).</summary>
    void SwapIn(SwapTier tier, ReadOnlySpan<BlockCopy> copies);

    /// <summary>Bytes of one block's image: its keys and values in every layer, in the backend's own layout.</summary>
    int BytesPerBlock { get; }

    /// <summary>Copies a block of the cache to host memory: [BytesPerBlock].</summary>
    void ReadBlock(int block, Span<byte> image);

    /// <summary>Overwrites a block of the cache with an image that <see cref="ReadBlock"/> gave, perhaps in another process.</summary>
    void WriteBlock(int block, ReadOnlySpan<byte> image);

    /// <summary>Runs the batch: keys and values go to the cache, logits to rows [0, batch.LogitRows). What is needed of the batch is taken when this returns.</summary>
    /// <remarks>
    /// A token id of −1 − r, beside the host alone, stands for the token that request r of the last <see cref="BeginSample"/> draws. Where that finds none, any id will do: nobody will look at the row.
    /// </remarks>
    void Execute(StepBatch batch);

    /// <summary>[vocabulary] one row in host memory; what is written there counts for <see cref="BeginSample"/>.</summary>
    Span<float> Logits(int row);

    /// <summary>See <see cref="Backend.Change"/>.</summary>
    void Change(int row, ReadOnlySpan<LogitChange> changes, LogitPenalties penalties) => LogitRow.Change(Logits(row), changes, penalties);

    /// <summary>See <see cref="Backend.Mask"/>.</summary>
    void Mask(int row, ReadOnlySpan<ulong> allowed) => LogitRow.Mask(Logits(row), allowed);

    /// <summary>See <see cref="Backend.MaxLogprobs"/>.</summary>
    int MaxLogprobs => 0;

    /// <summary>See <see cref="Backend.Logprobs"/>.</summary>
    void Logprobs(ReadOnlySpan<LogprobRequest> requests, Span<TokenRank> tokens, Span<TokenRank> likeliest) => throw new NotSupportedException();

    /// <summary>[embedding size] the state of a token row of the last batch, behind the final norm, in host memory.</summary>
    ReadOnlySpan<float> HiddenState(int tokenRow);

    /// <summary>The end of the sampling chain over the last batch's logits, as <see cref="Backend.Sample"/> defines it. May be asked for several times a step, and for nothing.</summary>
    void BeginSample(ReadOnlySpan<SampleRequest> requests);

    /// <summary>What the earliest <see cref="BeginSample"/> has drawn whose tokens were not taken yet. Waits for it, and for the step that it belongs to; two may be under way.</summary>
    /// <param name="tokens">[requests] −1 for a row without any number to draw from.</param>
    void EndSample(Span<int> tokens);
}
