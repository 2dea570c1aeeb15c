using System.Runtime.CompilerServices;

namespace Folio.Compute.Cpu;

/// <summary>One chunk for the query vectors of one position: keys and values are read once, straight from the cache.</summary>
/// <remarks>
/// Bound: reading. Blocks lie apart, and where one ends the processor's own prefetching does; so the keys' pass fetches the chunk's values, and the values' pass the next chunk's keys.
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
        var rows = new ChunkRows(plan, range);
        for (int query = 0; query < range.Queries; query += 4)
        {
            // A group of fewer than four repeats its last vector: the same sums are made and stored twice.
            int last = Math.Min(query + 3, range.Queries - 1), second = Math.Min(query + 1, last), third = Math.Min(query + 2, last);
            float* y0 = states + query * stride, y1 = states + second * stride, y2 = states + third * stride, y3 = states + last * stride;
            float* w0 = scratch.Scores(query), w1 = scratch.Scores(second), w2 = scratch.Scores(third), w3 = scratch.Scores(last);
            int channel = 0;
            if (last == query)
            {
                for (; channel <= channels - 4 * Lanes; channel += 4 * Lanes) AttentionValues<TElement>.One(w0, from, to, rows, channel, y0 + channel);
            }

            for (; channel < channels; channel += Lanes)
            {
                AttentionValues<TElement>.Four(w0, w1, w2, w3, from, to, rows, channel, y0 + channel, y1 + channel, y2 + channel, y3 + channel);
            }
        }
    }
}
