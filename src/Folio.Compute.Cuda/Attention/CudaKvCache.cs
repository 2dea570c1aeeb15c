namespace Folio.Compute.Cuda.Attention;

/// <summary>The paged cache on the card: [blocks, layers, 2 (keys, values), kvHeads, blockSize, headDim], as kv_cache.cuh has it.</summary>
internal sealed class CudaKvCache(KvCacheShape shape, nint data) : KvCache(shape)
{
    public nint Data => data;

    public override long Bytes => Shape.Blocks * BytesPerBlock(Shape);

    /// <summary>One layer's part of a block.</summary>
    public static long BytesPerLayer(KvCacheShape shape) => 2L * shape.KvHeads * shape.BlockSize * StoredHeadDim(shape.HeadDim) * sizeof(ushort);

    public static long BytesPerBlock(KvCacheShape shape) => shape.Layers * BytesPerLayer(shape);

    /// <summary>Channels of a stored row: whole steps of matrix instructions.</summary>
    public static int StoredHeadDim(int headDim) => (headDim + 15) / 16 * 16;

    public KvLayer Layer(int layer) => new(data + (nint)(layer * BytesPerLayer(Shape)), BytesPerBlock(Shape) / sizeof(ushort), Shape.KvHeads);
}
