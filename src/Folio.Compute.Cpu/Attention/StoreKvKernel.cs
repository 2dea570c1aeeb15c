using System.Runtime.CompilerServices;

namespace Folio.Compute.Cpu;

/// <summary>Writes the keys (transposed) and values of one token row to its slot: k and v [tokens, kvHeads · headDim].</summary>
/// <remarks>Bound: the keys' scattered writes, one cache line a channel; neighbouring tokens of a block hit the same lines.</remarks>
internal readonly unsafe struct StoreKvKernel(KvLayout cache, Tensor k, Tensor v, int* slots) : IRowKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int row)
    {
        int block = slots[row] / cache.BlockSize, offset = slots[row] % cache.BlockSize;
        for (int head = 0; head < cache.KvHeads; head++)
        {
            float* key = k.Row(row) + head * cache.HeadDim;
            float* keys = cache.Keys(block, head) + offset;
            for (int channel = 0; channel < cache.HeadDim; channel++) keys[channel * cache.TokenLanes] = key[channel];

            long bytes = cache.HeadDim * sizeof(float);
            Buffer.MemoryCopy(v.Row(row) + head * cache.HeadDim, cache.Values(block, head) + offset * cache.ChannelLanes, bytes, bytes);
        }
    }
}
