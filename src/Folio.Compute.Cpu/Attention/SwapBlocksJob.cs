namespace Folio.Compute.Cpu;

/// <summary>Copies blocks between the cache and their images, one layer of one block an item. Bound: memory bandwidth.</summary>
/// <remarks>Neighbouring items are neighbouring layers of one image, so the image is walked in order whichever threads take them.</remarks>
/// <param name="firstLayer">Of the cache.</param>
/// <param name="layerStride">Bytes from one layer of the cache to the next.</param>
/// <param name="images">Slot 0 of the images: [slots, layers, one block of a layer].</param>
/// <param name="copies">From block to slot when <paramref name="toHost"/>, else from slot to block.</param>
internal readonly unsafe struct SwapBlocksJob(KvLayout firstLayer, long layerStride, int layers, byte* images, BlockCopy* copies, bool toHost) : IParallelJob
{
    public void Run(int item, int worker)
    {
        (int copy, int layer) = Math.DivRem(item, layers);
        (int source, int destination) = copies[copy];
        (int block, int slot) = toHost ? (source, destination) : (destination, source);
        long bytes = firstLayer.BlockStride;
        void* cached = firstLayer.Keys(block, 0) + layer * layerStride;
        void* image = images + ((long)slot * layers + layer) * bytes;
        if (toHost) Buffer.MemoryCopy(cached, image, bytes, bytes);
        else Buffer.MemoryCopy(image, cached, bytes, bytes);
    }
}
