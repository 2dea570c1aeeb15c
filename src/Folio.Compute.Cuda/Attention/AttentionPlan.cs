namespace Folio.Compute.Cuda.Attention;

/// <summary>How one step's attention is cut: sequences with one row go to paged_decode, in partitions of their context; the others to prefill, in tiles of rows.</summary>
/// <remarks>
/// Cuts are made at fixed positions, never by how much there is to do, so that an answer doesn't depend on what runs beside it. The same for all layers: one with a window
/// passes over the partitions behind it. Made once a step on the host, and uploaded with it. Arrays are reserved for the largest step.
/// </remarks>
internal sealed class AttentionPlan
{
    /// <summary>Positions of a partition.</summary>
    public const int PartitionPositions = 256;

    /// <summary>Sequences of a step that an item can name beside its partition.</summary>
    public const int MaxSequences = (1 << 16) - 1; // and a grid has no more in its second dimension

    private readonly int _group, _tileRows;
    private readonly int[] _tileSequences, _tileFirstRows;

    /// <param name="group">Query heads that share a KV head.</param>
    /// <param name="maxParts">States that there is room for; sequences for which there is none are done by prefill.</param>
    /// <param name="tileRows">(token, head) rows of a block of prefill.</param>
    public AttentionPlan(int maxTokens, int maxSequences, int group, int maxParts, int tileRows)
    {
        if (maxSequences > MaxSequences) throw new CudaException($"a step of {maxSequences} sequences; at most {MaxSequences} can be run at once.");
        (_group, _tileRows, MaxParts) = (group, tileRows, maxParts);
        Items = new int[maxParts + maxSequences];
        (Rows, Lengths, Partitions, PartStarts) = (new int[maxSequences], new int[maxSequences], new int[maxSequences], new int[maxSequences]);
        MaxTiles = (int)(((long)maxTokens * group + tileRows - 1) / tileRows) + maxSequences;
        (_tileSequences, _tileFirstRows) = (new int[MaxTiles], new int[MaxTiles]);
    }

    public int MaxParts { get; }

    public int MaxTiles { get; }

    /// <summary>[ItemCount] sequence | partition · 2¹⁶.</summary>
    public int[] Items { get; }

    public int ItemCount { get; private set; }

    /// <summary>[sequences] the token row of a sequence that decodes.</summary>
    public int[] Rows { get; }

    /// <summary>[sequences] positions that a sequence's last row sees.</summary>
    public int[] Lengths { get; }

    /// <summary>[sequences] items of a sequence that decodes; 0: one that doesn't.</summary>
    public int[] Partitions { get; }

    /// <summary>[sequences] where the states of a sequence's partitions begin, if it has several.</summary>
    public int[] PartStarts { get; }

    /// <summary>States that the partitions of this step need room for.</summary>
    public int PartCount { get; private set; }

    public ReadOnlySpan<int> TileSequences => _tileSequences.AsSpan(0, TileCount);

    /// <summary>[TileCount] the first (token, head) row of each tile within its sequence.</summary>
    public ReadOnlySpan<int> TileFirstRows => _tileFirstRows.AsSpan(0, TileCount);

    public int TileCount { get; private set; }

    /// <summary>A sequence's only row sees all of it, causal or not.</summary>
    public void Make(StepBatch batch)
    {
        ItemCount = PartCount = TileCount = 0;
        for (int sequence = 0; sequence < batch.Sequences; sequence++)
        {
            int first = batch.QueryStarts[sequence], tokens = batch.QueryStarts[sequence + 1] - first, length = batch.ContextLengths[sequence];
            (Rows[sequence], Lengths[sequence], Partitions[sequence], PartStarts[sequence]) = (first, length, 0, PartCount);
            if (tokens == 1 && TryAddPartitions(sequence, length)) continue;
            AddTiles(sequence, tokens * _group);
        }
    }

    private bool TryAddPartitions(int sequence, int length)
    {
        int count = (length + PartitionPositions - 1) / PartitionPositions;
        if (count > 1 && PartCount + count > MaxParts) return false;
        for (int partition = 0; partition < count; partition++) Items[ItemCount++] = sequence | partition << 16;
        Partitions[sequence] = count;
        if (count > 1) PartCount += count;
        return true;
    }

    private void AddTiles(int sequence, int rows)
    {
        for (int row = 0; row < rows; row += _tileRows) (_tileSequences[TileCount], _tileFirstRows[TileCount++]) = (sequence, row);
    }
}
