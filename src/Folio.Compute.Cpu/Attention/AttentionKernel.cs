using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu;

/// <summary>softmax(q · kᵀ) · v of one tile's query vectors and one KV head over one partition of the context, and the merging of partitions.</summary>
/// <remarks>
/// Layout: <see cref="KvLayout"/>; query vector i of a tile is row i / group, query head kvHead · group + i mod group.
/// Order, for each query vector by itself: a score is one multiply-add chain over the channels ascending, then times the key's scale if it has one; sums of exponentials go by lanes (position mod 8), at the end as
/// a fixed tree; each output channel is one multiply-add chain over a partition's visible positions ascending, scaled down at the beginning of a chunk with a larger score than all before; partitions are merged ascending.
/// So bits depend neither on the tile, nor on threads, nor on where the blocks lie or how large they are.
/// Bound: decode by reading the cache (<see cref="DecodeAttention{TElement}"/>), prefill by the multiply-add units (<see cref="PrefillAttention{TElement}"/>).
/// </remarks>
internal static unsafe class AttentionKernel<TElement> where TElement : IKvElement
{
    /// <summary>Copies the tile's query vectors of one KV head, multiplied by the scale and, unless a cap comes first, by log₂ e.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LoadQueries(in AttentionPlan plan, in AttentionTile tile, int kvHead, in AttentionScratch scratch)
    {
        int n = plan.Cache.HeadDim;
        float scale = plan.SoftCap > 0 ? plan.Scale : plan.Scale * AttentionSoftmax.Log2E;
        float* target = scratch.Queries;
        for (int row = tile.FirstRow; row < tile.FirstRow + tile.Rows; row++)
        {
            float* source = plan.Q.Row(row) + kvHead * plan.Group * n;
            float* end = source + plan.Group * n;
            for (; source <= end - 8; source += 8, target += 8) (Vector256.Load(source) * scale).Store(target);
            for (; source < end; source++, target++) *target = *source * scale;
        }
    }

    /// <summary>Reduces one partition for every query vector of the tile into <paramref name="states"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Partition(in AttentionPlan plan, in AttentionTile tile, int kvHead, int partition, in AttentionScratch scratch, float* states)
    {
        int queries = tile.Rows * plan.Group, origin = partition * AttentionPlan.PartitionTokens;
        int first = Math.Max(origin, plan.FirstVisible(plan.Positions[tile.FirstRow]));
        int end = Math.Min(origin + AttentionPlan.PartitionTokens, plan.Positions[tile.FirstRow + tile.Rows - 1] + 1);
        int* table = plan.BlockTables + (long)tile.Sequence * plan.BlocksPerSequence;
        for (int query = 0; query < queries; query++) State(plan, states, query).Clear();
        for (int chunk = first / AttentionPlan.ChunkTokens * AttentionPlan.ChunkTokens; chunk < end; chunk += AttentionPlan.ChunkTokens)
        {
            SetVisible(plan, tile, chunk, scratch);
            Chunk(plan, new(table, kvHead, queries, chunk, Math.Max(first, chunk), Math.Min(end, chunk + AttentionPlan.ChunkTokens)), tile.Rows, scratch, states);
        }
    }

    /// <summary>Adds a later partition's states to what has been merged so far.</summary>
    public static void Merge(in AttentionPlan plan, float* merged, float* partial, int queries)
    {
        for (int query = 0; query < queries; query++) State(plan, merged, query).Merge(State(plan, partial, query));
    }

    /// <summary>Divides by the sums of exponentials and writes the tile's outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void StoreOutputs(in AttentionPlan plan, in AttentionTile tile, int kvHead, float* states)
    {
        int n = plan.Cache.HeadDim;
        for (int row = 0; row < tile.Rows; row++)
        {
            float* target = plan.Y.Row(tile.FirstRow + row) + kvHead * plan.Group * n;
            for (int head = 0; head < plan.Group; head++, target += n) State(plan, states, row * plan.Group + head).Store(target, n);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Chunk(in AttentionPlan plan, in ChunkRange range, int rows, in AttentionScratch scratch, float* states)
    {
        if (TElement.HasScales) LoadScales(plan, range, scratch);
        if (rows == 1) DecodeAttention<TElement>.Scores(plan, range, scratch);
        else PrefillAttention<TElement>.Scores(plan, range, scratch);

        Softmax(plan, range, scratch, states);
        if (rows == 1) DecodeAttention<TElement>.Values(plan, range, scratch, states);
        else PrefillAttention<TElement>.Values(plan, range, scratch, states);
    }

    /// <summary>Turns scores into weights, in two rounds: the maxima of different query vectors don't wait for each other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Softmax(in AttentionPlan plan, in ChunkRange range, in AttentionScratch scratch, float* states)
    {
        float* keyScales = TElement.HasScales ? scratch.KeyScales : null, valueScales = TElement.HasScales ? scratch.ValueScales : null;
        for (int query = 0; query < range.Queries; query++)
        {
            if (scratch.From[query] < scratch.To[query]) scratch.Largest[query] = AttentionSoftmax.Prepare(scratch.Scores(query), scratch.From[query], scratch.To[query], plan.SoftCap, keyScales);
        }

        for (int query = 0; query < range.Queries; query++)
        {
            if (scratch.From[query] >= scratch.To[query]) continue;
            SoftmaxState state = State(plan, states, query);
            state.Raise(scratch.Largest[query]);
            state.Sums = AttentionSoftmax.Weigh(scratch.Scores(query), scratch.From[query], scratch.To[query], state.Max, state.Sums, valueScales);
        }
    }

    /// <summary>Sets which of a chunk's positions each query vector sees.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SetVisible(in AttentionPlan plan, in AttentionTile tile, int chunk, in AttentionScratch scratch)
    {
        for (int row = 0, query = 0; row < tile.Rows; row++)
        {
            int position = plan.Positions[tile.FirstRow + row], from = Math.Max(0, plan.FirstVisible(position) - chunk), to = Math.Min(AttentionPlan.ChunkTokens, position + 1 - chunk);
            for (int head = 0; head < plan.Group; head++, query++) (scratch.From[query], scratch.To[query]) = (from, to);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static SoftmaxState State(in AttentionPlan plan, float* states, int query) =>
        new(states + query * AttentionScratch.StateStride(plan.Cache.HeadDim), AttentionScratch.PaddedChannels(plan.Cache.HeadDim));

    private static void LoadScales(in AttentionPlan plan, in ChunkRange range, in AttentionScratch scratch)
    {
        int blockSize = plan.Cache.BlockSize;
        for (int position = range.First, count; position < range.End; position += count)
        {
            (int block, int offset) = Math.DivRem(position, blockSize);
            count = Math.Min(blockSize - offset, range.End - position);
            new Span<float>(plan.Cache.KeyScales(range.Table[block], range.KvHead) + offset, count).CopyTo(new(scratch.KeyScales + position - range.Origin, count));
            new Span<float>(plan.Cache.ValueScales(range.Table[block], range.KvHead) + offset, count).CopyTo(new(scratch.ValueScales + position - range.Origin, count));
        }
    }
}
