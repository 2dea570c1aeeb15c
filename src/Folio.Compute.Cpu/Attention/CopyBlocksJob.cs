namespace Folio.Compute.Cpu;

/// <summary>Copies whole blocks of one layer an item, in the order given. Bound: memory bandwidth.</summary>
internal readonly unsafe struct CopyBlocksJob(KvLayout firstLayer, long layerStride, BlockCopy* copies, int count) : IParallelJob
{
    public void Run(int item, int worker)
    {
        long bytes = firstLayer.BlockStride;
        for (int i = 0; i < count; i++)
        {
            byte* source = firstLayer.Keys(copies[i].Source, 0) + item * layerStride;
            byte* target = firstLayer.Keys(copies[i].Destination, 0) + item * layerStride;
            Buffer.MemoryCopy(source, target, bytes, bytes);
        }
    }
}
