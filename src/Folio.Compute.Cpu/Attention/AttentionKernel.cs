using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu;

/// <summary>softmax(q · kᵀ) · v of one tile's query vectors and one KV head over one partition of the context, and the merging of partitions.</summary>
/// <remarks>
/// Layout: <see cref="KvLayout"/>; query vector i of a tile is row i / group, query head kvHead · group + i mod group.
/// Order, for each query vector by itself: a score is one multiply-add chain over the channels ascending, then times the key's scale if it has one; a partition's sum of exponentials goes by lanes (position mod 8),
/// then a fixed tree; each output channel is one multiply-add chain over the partition's visible positions ascending; partitions are merged ascending.
/// So bits depend neither on the tile, nor on threads, nor on where the blocks lie or how large they are.
/// Bound: decode by reading the cache (one pass); prefill by the multiply-add units (four query vectors share each loaded key or value).
/// </remarks>
internal static unsafe class AttentionKernel<TElement> where TElement : IKvElement
{
    /// <summary>Copies the tile's query vectors of one KV head, multiplied by the scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LoadQueries(in AttentionPlan plan, in AttentionTile tile, int kvHead, in AttentionScratch scratch)
    {
        int n = plan.Cache.HeadDim;
        float* target = scratch.Queries;
        for (int row = tile.FirstRow; row < tile.FirstRow + tile.Rows; row++)
        {
            float* source = plan.Q.Row(row) + kvHead * plan.Group * n;
            float* end = source + plan.Group * n;
            for (; source <= end - 8; source += 8, target += 8) (Vector256.Load(source) * plan.Scale).Store(target);
            for (; source < end; source++, target++) *target = *source * plan.Scale;
        }
    }

    /// <summary>Reduces one partition for every query vector of the tile into <paramref name="states"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Partition(in AttentionPlan plan, in AttentionTile tile, int kvHead, int partition, in AttentionScratch scratch, float* states)
    {
        int queries = tile.Rows * plan.Group;
        int origin = partition * AttentionPlan.PartitionTokens;
        int first = Math.Max(origin, plan.FirstVisible(plan.Positions[tile.FirstRow]));
        int end = Math.Min(origin + AttentionPlan.PartitionTokens, plan.Positions[tile.FirstRow + tile.Rows - 1] + 1);
        int* table = plan.BlockTables + (long)tile.Sequence * plan.BlocksPerSequence;
        int blockSize = plan.Cache.BlockSize;

        for (int block = first / blockSize; block * blockSize < end; block++)
        {
            int start = block * blockSize;
            int lane = Math.Max(0, first - start) & ~15, lanes = Math.Min(blockSize, end - start);
            bool last = start + blockSize >= end;
            byte* keys = plan.Cache.Keys(table[block], kvHead);
            byte* next = last ? plan.Cache.Values(table[first / blockSize], kvHead) : plan.Cache.Keys(table[block + 1], kvHead);
            AttentionScores<TElement>.Block(scratch, queries, plan.Cache.HeadDim, keys, plan.Cache.KeyStride, lane, lanes, start - origin, next);
            if (TElement.HasScales)
            {
                for (int i = lane; i < lanes; i++)
                {
                    scratch.KeyScales[start - origin + i] = plan.Cache.KeyScales(table[block], kvHead)[i];
                    scratch.ValueScales[start - origin + i] = plan.Cache.ValueScales(table[block], kvHead)[i];
                }
            }
        }

        int stride = AttentionScratch.StateStride(plan.Cache.ChannelLanes);
        for (int query = 0; query < queries; query++)
        {
            int position = plan.Positions[tile.FirstRow + query / plan.Group];
            int from = scratch.From[query] = Math.Max(0, plan.FirstVisible(position) - origin);
            int to = scratch.To[query] = Math.Min(AttentionPlan.PartitionTokens, position + 1 - origin);
            float* state = states + query * stride;
            new Span<float>(state, stride).Clear();
            if (from < to) Softmax(scratch, query, plan.SoftCap, state + plan.Cache.ChannelLanes);
        }

        for (int block = first / blockSize; block * blockSize < end; block++)
        {
            byte* values = plan.Cache.Values(table[block], kvHead);
            long ahead = (block + 1) * blockSize < end ? plan.Cache.Values(table[block + 1], kvHead) - values : 0;
            WeighBlock(plan.Cache, scratch, queries, block * blockSize - origin, values, ahead, states);
        }
    }

    /// <summary>Adds a later partition's state to what has been merged so far.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Merge(float* merged, float* partial, int queries, int channelLanes)
    {
        int stride = AttentionScratch.StateStride(channelLanes);
        for (int query = 0; query < queries; query++, merged += stride, partial += stride)
        {
            ref float max = ref merged[channelLanes], sum = ref merged[channelLanes + 1];
            float otherMax = partial[channelLanes], otherSum = partial[channelLanes + 1];
            if (otherSum == AttentionScratch.Nothing) continue;
            if (sum == AttentionScratch.Nothing)
            {
                new Span<float>(partial, stride).CopyTo(new Span<float>(merged, stride));
                continue;
            }

            float larger = MathF.Max(max, otherMax);
            float mine = VectorMath.Exp(max - larger), others = VectorMath.Exp(otherMax - larger);
            for (int i = 0; i < channelLanes; i += 8)
            {
                Vector256.FusedMultiplyAdd(Vector256.Load(partial + i), Vector256.Create(others), Vector256.Load(merged + i) * mine).Store(merged + i);
            }

            sum = MathF.FusedMultiplyAdd(otherSum, others, sum * mine);
            max = larger;
        }
    }

    /// <summary>Divides by the sums of exponentials and writes the tile's outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void StoreOutputs(in AttentionPlan plan, in AttentionTile tile, int kvHead, float* states)
    {
        int n = plan.Cache.HeadDim, stride = AttentionScratch.StateStride(plan.Cache.ChannelLanes);
        for (int row = tile.FirstRow; row < tile.FirstRow + tile.Rows; row++)
        {
            float* target = plan.Y.Row(row) + kvHead * plan.Group * n;
            for (int head = 0; head < plan.Group; head++, target += n, states += stride)
            {
                float inverse = 1 / states[plan.Cache.ChannelLanes + 1];
                int i = 0;
                for (; i <= n - 8; i += 8) (Vector256.Load(states + i) * inverse).Store(target + i);
                for (; i < n; i++) target[i] = states[i] * inverse;
            }
        }
    }

    /// <summary>Turns a query vector's visible scores into e^(score − max), in place, times the scales of the values where they have any; writes max and the sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Softmax(in AttentionScratch scratch, int query, float softCap, float* maxAndSum)
    {
        float* scores = scratch.Scores(query);
        int from = scratch.From[query], to = scratch.To[query], start = from & ~7, end = (to + 7) & ~7;
        if (TElement.HasScales)
        {
            for (int i = start; i < end; i += 8) (Vector256.Load(scores + i) * Vector256.Load(scratch.KeyScales + i)).Store(scores + i);
        }

        if (softCap > 0)
        {
            for (int i = start; i < end; i += 8) (softCap * VectorMath.Tanh(Vector256.Load(scores + i) / softCap)).Store(scores + i);
        }

        for (int i = start; i < from; i++) scores[i] = float.NegativeInfinity;
        for (int i = to; i < end; i++) scores[i] = float.NegativeInfinity;

        Vector256<float> largest = Vector256.Load(scores + start);
        for (int i = start + 8; i < end; i += 8) largest = Vector256.MaxNative(largest, Vector256.Load(scores + i));
        float max = VectorMath.Largest(largest);
        Vector256<float> sum = Vector256<float>.Zero;
        for (int i = start; i < end; i += 8)
        {
            Vector256<float> e = VectorMath.Exp(Vector256.Load(scores + i) - Vector256.Create(max));
            sum += e;
            if (TElement.HasScales) e *= Vector256.Load(scratch.ValueScales + i);
            e.Store(scores + i);
        }

        (maxAndSum[0], maxAndSum[1]) = (max, VectorMath.Sum(sum));
    }

    /// <summary>Adds one block's weighted values to all states. Four query vectors go together over the positions that all four see.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WeighBlock(
        in KvLayout cache, in AttentionScratch scratch, int queries, int start, byte* values, long ahead, float* states)
    {
        int stride = AttentionScratch.StateStride(cache.ChannelLanes);
        int blockFrom = Math.Max(0, start), blockTo = Math.Min(AttentionPlan.PartitionTokens, start + cache.BlockSize);
        values -= (long)start * cache.ValueStride; // position t of the partition at values + t · ValueStride

        int* from = stackalloc int[4];
        int* to = stackalloc int[4];
        for (int query = 0; query < queries; query += 4, ahead = 0)
        {
            // A group of fewer than four repeats its last vector: the same sums are made and stored twice.
            int count = Math.Min(4, queries - query), common = blockFrom, commonEnd = blockTo;
            for (int i = 0; i < count; i++)
            {
                (from[i], to[i]) = (Math.Max(blockFrom, scratch.From[query + i]), Math.Min(blockTo, scratch.To[query + i]));
                (common, commonEnd) = (Math.Max(common, from[i]), Math.Min(commonEnd, to[i]));
            }

            bool together = count > 1 && common < commonEnd;
            if (!together) common = commonEnd = blockTo;
            for (int i = 0; i < count; i++) AttentionValues<TElement>.One(scratch.Scores(query + i), from[i], Math.Min(to[i], common), values, ahead, cache.ValueStride, states + (query + i) * stride);
            if (!together) continue;

            int second = query + 1, third = query + Math.Min(2, count - 1), fourth = query + count - 1;
            AttentionValues<TElement>.Four(
                scratch.Scores(query), scratch.Scores(second), scratch.Scores(third), scratch.Scores(fourth), common, commonEnd, values, ahead, cache.ValueStride,
                states + query * stride, states + second * stride, states + third * stride, states + fourth * stride);
            for (int i = 0; i < count; i++) AttentionValues<TElement>.One(scratch.Scores(query + i), commonEnd, to[i], values, ahead, cache.ValueStride, states + (query + i) * stride);
        }
    }
}
