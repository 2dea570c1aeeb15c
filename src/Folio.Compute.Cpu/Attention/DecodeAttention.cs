using System.Runtime.CompilerServices;

namespace Folio.Compute.Cpu;

/// <summary>One chunk for the query vectors of one position: keys and values are read once, straight from the cache. Bound: reading.</summary>
internal static unsafe class DecodeAttention<TElement> where TElement : IKvElement
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scores(in AttentionPlan plan, in ChunkRange range, in AttentionScratch scratch)
    {
        int blockSize = plan.Cache.BlockSize;
        for (int block = range.First / blockSize; block * blockSize < range.End; block++)
        {
            int start = block * blockSize;
            int lane = Math.Max(0, range.First - start) & ~15, lanes = Math.Min(blockSize, range.End - start);
            bool last = start + blockSize >= range.End;
            byte* keys = plan.Cache.Keys(range.Table[block], range.KvHead);
            byte* next = last ? plan.Cache.Values(range.Table[range.First / blockSize], range.KvHead) : plan.Cache.Keys(range.Table[block + 1], range.KvHead);
            AttentionScores<TElement>.Block(scratch, range.Queries, plan.Cache.HeadDim, keys, plan.Cache.KeyStride, lane, lanes, start - range.Origin, next);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Values(in AttentionPlan plan, in ChunkRange range, in AttentionScratch scratch, float* states)
    {
        int blockSize = plan.Cache.BlockSize, stride = AttentionScratch.StateStride(plan.Cache.HeadDim);
        for (int block = range.First / blockSize; block * blockSize < range.End; block++)
        {
            int start = block * blockSize - range.Origin, from = Math.Max(start, range.First - range.Origin), to = Math.Min(start + blockSize, range.End - range.Origin);
            byte* values = plan.Cache.Values(range.Table[block], range.KvHead);
            long ahead = (block + 1) * blockSize < range.End ? plan.Cache.Values(range.Table[block + 1], range.KvHead) - values : 0;
            values -= (long)start * plan.Cache.ValueStride; // position t of the chunk at values + t · ValueStride
            for (int query = 0; query < range.Queries; query += 4, ahead = 0)
            {
                // A group of fewer than four repeats its last vector: the same sums are made and stored twice.
                int last = Math.Min(query + 3, range.Queries - 1), second = Math.Min(query + 1, last), third = Math.Min(query + 2, last);
                if (last == query) AttentionValues<TElement>.One(scratch.Scores(query), from, to, values, ahead, plan.Cache.ValueStride, states + query * stride);
                else AttentionValues<TElement>.Four(
                    scratch.Scores(query), scratch.Scores(second), scratch.Scores(third), scratch.Scores(last), from, to, values, ahead, plan.Cache.ValueStride,
                    states + query * stride, states + second * stride, states + third * stride, states + last * stride);
            }
        }
    }
}
