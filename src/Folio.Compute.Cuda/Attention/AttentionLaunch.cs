namespace Folio.Compute.Cuda.Attention;

/// <summary>
/// What attention's kernels over one shape of cache are launched with; sizes are those of cache_stream.cuh and paged_prefill_wgmma.cu. Shared memory of every shape is within the 99 KiB that any card since compute
/// capability 8.0 has for a block of threads, and by warpgroups within the 227 KiB of 9.0.
/// </summary>
/// <param name="Shape">The cache's.</param>
/// <param name="ByWarpgroups">Whether prefill is paged_prefill_wgmma's, not paged_prefill's.</param>
/// <param name="SharesTiles">Whether four warps of paged_decode share an item's tiles, if its heads aren't large; a row's bits are then not those of prefill.</param>
internal readonly record struct AttentionLaunch(KvCacheShape Shape, bool ByWarpgroups, bool SharesTiles)
{
    /// <summary>Of a head.</summary>
    public const int MostChannels = 256;

    private const int PiecePositions = 16, TilePositions = 64, WarpThreads = 32, WarpgroupThreads = 128, WarpgroupRows = 64, Warpgroups = 2;

    /// <summary>Warps of a block of paged_decode: those that share rows have one of their own.</summary>
    public int DecodeWarps => RowWarps == 1 ? 4 : RowWarps;

    /// <summary>Of these, those that share an item's tiles.</summary>
    public int TileWarps => SharesTiles && RowWarps == 1 ? AttentionPlan.PartitionPositions / TilePositions : 1;

    /// <summary>Items that a block of paged_decode does at once.</summary>
    public int DecodeItems => DecodeWarps / RowWarps / TileWarps;

    public int DecodeThreads => DecodeWarps * WarpThreads;

    public int DecodeSharedBytes => DecodeWarps * (4 * PiecePositions * Pitch(CudaKvCache.RowBytes(Shape) / RowWarps) + ScoreBytes);

    public string Prefill => ByWarpgroups ? "paged_prefill_wgmma" : "paged_prefill";

    /// <summary>(token, head) rows of a block of prefill.</summary>
    public int TileRows => ByWarpgroups ? Warpgroups * WarpgroupRows : 64;

    public int PrefillThreads => ByWarpgroups ? Warpgroups * WarpgroupThreads : TileRows / 16 * RowWarps * WarpThreads;

    public int PrefillSharedBytes => ByWarpgroups
        ? (TileRows + 4 * (Shape.HeadDim <= 128 ? 128 : 64)) * CudaKvCache.RowBytes(Shape)
        : (RowWarps == 1 ? 4 : 2) * TilePositions * Pitch(CudaKvCache.RowBytes(Shape)) + PrefillThreads / WarpThreads * ScoreBytes;

    private int RowWarps => CudaKvCache.RowWarps(Shape);

    /// <summary>Scores of 16 rows, which one of the warps that share them tells the other.</summary>
    private int ScoreBytes => RowWarps == 1 ? 0 : 16 * TilePositions * sizeof(float);

    /// <summary>Whether paged_prefill_wgmma knows such a cache.</summary>
    public static bool HasWarpgroups(KvCacheShape shape) => shape.Type is DType.BF16 or DType.F16 && shape.HeadDim % 64 == 0;

    private static int Pitch(int rowBytes) => rowBytes + 16;
}
