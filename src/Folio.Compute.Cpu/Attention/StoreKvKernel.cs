using System.Runtime.CompilerServices;

namespace Folio.Compute.Cpu;

/// <summary>Writes the keys (transposed) and values of one token row to its slot: k and v [tokens, kvHeads · headDim].</summary>
/// <remarks>Bound: the keys' scattered writes, one cache line or half of one a channel; neighbouring tokens of a block hit the same lines.</remarks>
internal readonly unsafe struct StoreKvKernel<TElement>(KvLayout cache, Tensor k, Tensor v, int* slots) : IRowKernel where TElement : IKvElement
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int row)
    {
        int block = slots[row] / cache.BlockSize, offset = slots[row] % cache.BlockSize;
        for (int head = 0; head < cache.KvHeads; head++)
        {
            float* key = k.Row(row) + head * cache.HeadDim, value = v.Row(row) + head * cache.HeadDim;
            byte* keys = cache.Keys(block, head), values = cache.Values(block, head) + (long)offset * cache.ValueStride;
            for (int channel = 0; channel < cache.HeadDim; channel++, keys += cache.KeyStride) TElement.Store(keys, offset, key[channel]);
            for (int channel = 0; channel < cache.HeadDim; channel++) TElement.Store(values, channel, value[channel]);
        }
    }
}
