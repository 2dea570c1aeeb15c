using System.Runtime.CompilerServices;

namespace Folio.Compute.Cpu;

/// <summary>One chunk for the query vectors of one position: keys and values are read once, straight from the cache.</summary>
/// <remarks>
/// Bound: reading, and close behind it the multiply-adds: at their best on Zen 3, after 8000 tokens of bf16, three query heads to a KV head of 64 channels read at 75 to 80 % of the bandwidth, four at 60 to 65 %; of int8, half the bytes take
/// about as long, so that is bound by arithmetic (bench: attention). Blocks lie apart, and where one ends the processor's own prefetching does; so the keys' pass fetches the chunk's values, and the values' pass the next chunk's keys.
/// </remarks>
internal static unsafe class DecodeAttention<TElement> where TElement : IKvElement
{
    private const int Lanes = 16;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scores(in AttentionPlan plan, in ChunkRange range, in AttentionScratch scratch)
    {
        int blockSize = plan.Cache.BlockSize;
        for (int block = range.First / blockSize; block * blockSize < range.End; block++)
        {
            int start = block * blockSize, lane = Math.Max(0, range.First - start) & ~(Lanes - 1), lanes = Math.Min(blockSize, range.End - start);
            byte* keys = plan.Cache.Keys(range.Table[block], range.KvHead), values = plan.Cache.Values(range.Table[block], range.KvHead);
            AttentionScores<TElement>.Block(scratch, range.Queries, plan.Cache.HeadDim, keys, plan.Cache.KeyStride, lane, lanes, start - range.Origin, values);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Values(in AttentionPlan plan, in ChunkRange range, in AttentionScratch scratch, float* states)
    {
        int stride = AttentionScratch.StateStride(plan.Cache.HeadDim), channels = plan.Cache.ChannelLanes, from = range.First - range.Origin, to = range.End - range.Origin;
        FindRows(plan.Cache, range, scratch.Rows);
        for (int query = 0; query < range.Queries; query += 4)
        {
            // A group of fewer than four repeats its last vector: the same sums are made and stored twice.
            int last = Math.Min(query + 3, range.Queries - 1), second = Math.Min(query + 1, last), third = Math.Min(query + 2, last);
            float* y0 = states + query * stride, y1 = states + second * stride, y2 = states + third * stride, y3 = states + last * stride;
            float* w0 = scratch.Scores(query), w1 = scratch.Scores(second), w2 = scratch.Scores(third), w3 = scratch.Scores(last);
            int channel = 0;
            if (last == query)
            {
                for (; channel <= channels - 4 * Lanes; channel += 4 * Lanes)
                {
                    byte* a0 = Ahead(plan, range, channel), a1 = Ahead(plan, range, channel + Lanes), a2 = Ahead(plan, range, channel + 2 * Lanes), a3 = Ahead(plan, range, channel + 3 * Lanes);
                    AttentionValues<TElement>.One(w0, from, to, scratch.Rows, a0, a1, a2, a3, channel, y0 + channel);
                }
            }

            for (; channel < channels; channel += Lanes)
            {
                AttentionValues<TElement>.Four(w0, w1, w2, w3, from, to, scratch.Rows, Ahead(plan, range, channel), channel, y0 + channel, y1 + channel, y2 + channel, y3 + channel);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FindRows(in KvLayout cache, in ChunkRange range, byte** rows)
    {
        for (int position = range.First, count; position < range.End; position += count)
        {
            (int block, int offset) = Math.DivRem(position, cache.BlockSize);
            count = Math.Min(cache.BlockSize - offset, range.End - position);
            byte* values = cache.Values(range.Table[block], range.KvHead) + (long)offset * cache.ValueStride;
            for (int i = 0; i < count; i++, values += cache.ValueStride) rows[position - range.Origin + i] = values;
        }
    }

    /// <summary>The next chunk's keys, of which each walk over a chunk's values, sixteen channels at a time, fetches its share: a row of keys of sixteen tokens for each token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Ahead(in AttentionPlan plan, in ChunkRange range, int channel)
    {
        (int sixteen, int row) = Math.DivRem(channel / Lanes * AttentionPlan.ChunkTokens, plan.Cache.HeadDim);
        int block = range.Origin / Lanes + AttentionPlan.ChunkTokens / Lanes + sixteen;
        if (plan.Cache.BlockSize != Lanes || block >= plan.BlocksPerSequence) return plan.Cache.Keys(range.Table[range.First / plan.Cache.BlockSize], range.KvHead); // nothing new
        return plan.Cache.Keys(range.Table[block], range.KvHead) + (long)row * plan.Cache.KeyStride;
    }
}
