namespace Folio.Compute.Cuda.Attention;

/// <summary>The paged cache on the card: [blocks, layers, 2 (keys, values), kvHeads] parts, each blockSize rows and then, of int8, their scales, as kv_cache.cuh has it.</summary>
internal sealed class CudaKvCache(KvCacheShape shape, nint data) : KvCache(shape)
{
    private const int CopyBytes = 16; // parts are copied in such pieces

    public nint Data => data;

    public override long Bytes => Shape.Blocks * BytesPerBlock(Shape);

    /// <summary>One layer's part of a block.</summary>
    public static long BytesPerLayer(KvCacheShape shape) => 2L * shape.KvHeads * (shape.BlockSize * RowBytes(shape) + ScaleBytes(shape));

    public static long BytesPerBlock(KvCacheShape shape) => shape.Layers * BytesPerLayer(shape);

    /// <summary>A token's keys, or values, of one head: as much as the warps that share them load at once, or a multiple of it.</summary>
    public static int RowBytes(KvCacheShape shape) => RoundUp(shape.HeadDim * (shape.Type is DType.BF16 or DType.F16 ? 2 : 1), 32 * RowWarps(shape));

    /// <summary>Warps that share a row's channels in attention.</summary>
    public static int RowWarps(KvCacheShape shape) => shape.HeadDim > 128 ? 2 : 1;

    public KvLayer Layer(int layer) => new(data + (nint)(layer * BytesPerLayer(Shape)), BytesPerBlock(Shape), Shape.KvHeads);

    private static int ScaleBytes(KvCacheShape shape) => shape.Type == DType.I8 ? RoundUp(shape.BlockSize * sizeof(float), CopyBytes) : 0;

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;
}
