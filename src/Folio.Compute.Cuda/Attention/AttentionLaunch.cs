namespace Folio.Compute.Cuda.Attention;

/// <summary>What attention's kernels over one shape of cache are launched with; sizes are those of cache_stream.cuh. Shared memory of every shape is within the 99 KiB that any card since compute capability 8.0 has for a block of threads.</summary>
internal readonly record struct AttentionLaunch(KvCacheShape Shape)
{
    /// <summary>Of a head.</summary>
    public const int MostChannels = 256;

    private const int PiecePositions = 16, TilePositions = 64, WarpThreads = 32;

    /// <summary>Warps of a block of paged_decode: those that share rows have one of their own.</summary>
    public int DecodeWarps => RowWarps == 1 ? 4 : RowWarps;

    /// <summary>Items that a block of paged_decode does at once.</summary>
    public int DecodeItems => DecodeWarps / RowWarps;

    public int DecodeThreads => DecodeWarps * WarpThreads;

    public int DecodeSharedBytes => DecodeWarps * (4 * PiecePositions * Pitch(CudaKvCache.RowBytes(Shape) / RowWarps) + ScoreBytes);

    public int PrefillThreads => AttentionPlan.TileRows / 16 * RowWarps * WarpThreads;

    public int PrefillSharedBytes => (RowWarps == 1 ? 4 : 2) * TilePositions * Pitch(CudaKvCache.RowBytes(Shape)) + PrefillThreads / WarpThreads * ScoreBytes;

    private int RowWarps => CudaKvCache.RowWarps(Shape);

    /// <summary>Scores of 16 rows, which one of the warps that share them tells the other.</summary>
    private int ScoreBytes => RowWarps == 1 ? 0 : 16 * TilePositions * sizeof(float);

    private static int Pitch(int rowBytes) => rowBytes + 16;
}
