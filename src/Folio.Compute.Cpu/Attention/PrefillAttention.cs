using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu;

/// <summary>One chunk for many query vectors at many positions: its keys, then its values are widened to fp32 in the first-level cache, and register tiles run over them.</summary>
/// <remarks>
/// A group of query vectors computes only what it sees, but for the end of a tile.
/// Bound: the multiply-add units. Reached on Zen 3, 24 query vectors of 64 channels: the tiles by themselves 93 % of the peak, with widening 85 %, a whole partition 70 %, a prompt of 512 tokens 50 to 60 % (bench: attention).
/// </remarks>
internal static unsafe class PrefillAttention<TElement> where TElement : IKvElement
{
    private const int Lanes = 16;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scores(in AttentionPlan plan, in ChunkRange range, in AttentionScratch scratch)
    {
        int n = plan.Cache.HeadDim, maxRows = plan.Kernels->MaxRows, lanes = plan.Kernels->Lanes;
        WidenKeys(plan.Cache, range, scratch.Keys);
        for (int query = 0; query < range.Queries; query += maxRows)
        {
            int rows = Math.Min(maxRows, range.Queries - query);
            int from = scratch.From[query] / lanes * lanes, to = scratch.To[query + rows - 1];
            if (from < to) plan.Kernels->Scores(rows, scratch.Queries + query * n, scratch.Keys + from, scratch.Scores(query) + from, (to - from + lanes - 1) / lanes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Values(in AttentionPlan plan, in ChunkRange range, in AttentionScratch scratch, float* states)
    {
        int maxRows = plan.Kernels->MaxRows;
        WidenValues(plan.Cache, range, scratch.Values);
        for (int query = 0; query < range.Queries; query += maxRows) Weigh(plan, scratch, query, Math.Min(maxRows, range.Queries - query), states);
    }

    /// <summary>Adds the chunk's weighted values to some states: together over the positions that all see, one by one before and behind those.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Weigh(in AttentionPlan plan, in AttentionScratch scratch, int query, int rows, float* states)
    {
        int stride = AttentionScratch.StateStride(plan.Cache.HeadDim), last = query + rows - 1;
        int first = scratch.From[query], end = scratch.To[last], common = scratch.From[last], commonEnd = scratch.To[query];
        if (common > commonEnd) common = commonEnd = end;
        for (int i = query; i <= last && first < common; i++) Add(plan, scratch, i, 1, scratch.From[i], Math.Min(common, scratch.To[i]), states + i * stride);
        Add(plan, scratch, query, rows, common, commonEnd, states + query * stride);
        for (int i = query; i <= last && commonEnd < end; i++) Add(plan, scratch, i, 1, commonEnd, scratch.To[i], states + i * stride);
    }

    private static void Add(in AttentionPlan plan, in AttentionScratch scratch, int query, int rows, int from, int to, float* states) =>
        plan.Kernels->Values(rows, scratch.Scores(query) + from, scratch.Values + from * AttentionScratch.PaddedChannels(plan.Cache.HeadDim), states, to - from);

    /// <param name="keys">[headDim, KeyRow]: the chunk's first token at [0]; sixteens are written across its ends.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WidenKeys(in KvLayout cache, in ChunkRange range, float* keys)
    {
        for (int block = range.First / cache.BlockSize; block * cache.BlockSize < range.End; block++)
        {
            int start = block * cache.BlockSize, end = Math.Min(cache.BlockSize, range.End - start);
            for (int lane = Math.Max(0, range.First - start) & ~(Lanes - 1); lane < end; lane += Lanes)
            {
                byte* source = cache.Keys(range.Table[block], range.KvHead) + lane * TElement.Bytes;
                float* target = keys + start + lane - range.Origin;
                int stride = cache.KeyStride;
                for (float* last = target + cache.HeadDim * AttentionScratch.KeyRow; target < last; source += stride, target += AttentionScratch.KeyRow) Widen(source, target);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WidenValues(in KvLayout cache, in ChunkRange range, float* values)
    {
        int channels = AttentionScratch.PaddedChannels(cache.HeadDim), stride = cache.ValueStride;
        for (int position = range.First, count; position < range.End; position += count)
        {
            (int block, int offset) = Math.DivRem(position, cache.BlockSize);
            count = Math.Min(cache.BlockSize - offset, range.End - position);
            byte* source = cache.Values(range.Table[block], range.KvHead) + (long)offset * stride;
            for (int token = 0; token < count; token++)
            {
                float* target = values + (position + token - range.Origin) * channels;
                for (byte* end = source + stride; source < end; source += Lanes * TElement.Bytes, target += Lanes) Widen(source, target);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Widen(byte* source, float* target)
    {
        TElement.Load(source, out Vector256<float> low, out Vector256<float> high);
        low.Store(target);
        high.Store(target + 8);
    }
}
