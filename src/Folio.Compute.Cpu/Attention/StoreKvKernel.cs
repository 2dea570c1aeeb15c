using System.Runtime.CompilerServices;

namespace Folio.Compute.Cpu;

/// <summary>Writes the keys (transposed) and values of one token row to its slot: k and v [tokens, kvHeads · headDim].</summary>
/// <remarks>
/// Scales are a token's own: what a block holds doesn't depend on the order or the company in which its tokens came, as it would if all shared a scale that grows.
/// Bound: the keys' scattered writes, one cache line or half of one a channel; neighbouring tokens of a block hit the same lines.
/// </remarks>
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
            float keyFactor = 1, valueFactor = 1;
            if (TElement.HasScales)
            {
                keyFactor = StoreScale(key, cache.KeyScales(block, head) + offset);
                valueFactor = StoreScale(value, cache.ValueScales(block, head) + offset);
            }

            for (int channel = 0; channel < cache.HeadDim; channel++, keys += cache.KeyStride) TElement.Store(keys, offset, TElement.HasScales ? key[channel] * keyFactor : key[channel]);
            for (int channel = 0; channel < cache.HeadDim; channel++) TElement.Store(values, channel, TElement.HasScales ? value[channel] * valueFactor : value[channel]);
        }
    }

    /// <returns>What turns numbers into multiples of the scale.</returns>
    private float StoreScale(float* numbers, float* scale)
    {
        float largest = 0;
        for (int channel = 0; channel < cache.HeadDim; channel++) largest = MathF.Max(largest, MathF.Abs(numbers[channel]));
        *scale = largest / I8Element.Largest;
        return largest > 0 ? I8Element.Largest / largest : 0;
    }
}
