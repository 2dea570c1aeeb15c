namespace Folio.Compute.Cpu;

/// <summary>Some neighbouring query rows of one sequence: each KV head's keys and values are loaded once for all of them.</summary>
internal struct AttentionTile
{
    public int Sequence;
    public int FirstRow;         // token rows [FirstRow, FirstRow + Rows)
    public int Rows;
    public int FirstPartition;   // of the first position that the first row sees
    public int Partitions;
    public int FirstPart;        // (kvHead, partition) items of the tiles before this one
}

/// <summary>One step's attention in one layer: what to read, what to write, how the rows are cut into tiles.</summary>
/// <remarks>An unmanaged value; its pointers stay valid while the op runs.</remarks>
internal unsafe struct AttentionPlan
{
    /// <summary>
    /// Tokens of a partition. A row's context is cut at multiples of this, each partition is reduced by itself and the results are merged in order: so a long context may
    /// be spread over threads, and comes out the same if it isn't.
    /// </summary>
    public const int PartitionTokens = 256;

    /// <summary>
    /// Tokens of a chunk, into which partitions are cut: scores of one are computed, made weights, and used while they are in the first-level cache. The widest tile's columns divide it.
    /// </summary>
    public const int ChunkTokens = 64;

    /// <summary>Query vectors (rows × query heads of one KV head) that a tile aims at.</summary>
    private const int TileQueries = 32;

    public KvLayout Cache;
    public Tensor Q, Y;              // [tokens, heads · headDim]
    public int* Positions;           // [tokens]
    public int* BlockTables;         // [sequences, BlocksPerSequence]
    public int BlocksPerSequence;
    public int Group;                // query heads that share a KV head
    public float Scale, SoftCap;
    public int Window;
    public AttentionTiles* Kernels;
    public AttentionTile* Tiles;
    public int TileCount;
    public int PartCount;            // (tile, kvHead, partition) items

    /// <summary>Rows of a full tile: whole fours of query vectors where possible.</summary>
    public static int TileRows(int group)
    {
        int rows = Math.Max(1, TileQueries / group);
        return rows >= 4 ? rows & ~3 : rows;
    }

    /// <summary>Query vectors of a full tile.</summary>
    public static int MaxQueries(int group) => TileRows(group) * group;

    /// <summary>The first position that a row at this position sees.</summary>
    public readonly int FirstVisible(int position) => Window > 0 ? Math.Max(0, position - Window + 1) : 0;

    /// <summary>Cuts the batch's rows into tiles, each within one sequence.</summary>
    public void AddTiles(ReadOnlySpan<int> queryStarts)
    {
        int tileRows = TileRows(Group);
        for (int sequence = 0; sequence + 1 < queryStarts.Length; sequence++)
        {
            int end = queryStarts[sequence + 1];
            for (int row = queryStarts[sequence]; row < end; row += tileRows) AddTile(sequence, row, Math.Min(tileRows, end - row));
        }
    }

    private void AddTile(int sequence, int firstRow, int rows)
    {
        int first = FirstVisible(Positions[firstRow]) / PartitionTokens;
        int last = Positions[firstRow + rows - 1] / PartitionTokens;
        Tiles[TileCount++] = new AttentionTile
        {
            Sequence = sequence,
            FirstRow = firstRow,
            Rows = rows,
            FirstPartition = first,
            Partitions = last - first + 1,
            FirstPart = PartCount,
        };
        PartCount += (last - first + 1) * Cache.KvHeads;
    }
}
