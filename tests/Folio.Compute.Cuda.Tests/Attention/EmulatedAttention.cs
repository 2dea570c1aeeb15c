using Folio.Compute.Cuda.Attention;
using Folio.Compute.Cuda.Tests.Emulation;

namespace Folio.Compute.Cuda.Tests.Attention;

/// <summary>A paged cache in emulated memory, and attention's kernels over it, launched as the backend launches them.</summary>
internal sealed class EmulatedAttention : IDisposable
{
    private const int Layers = 2, Warps = 2;
    private readonly KvCacheShape _shape;
    private readonly string[] _definitions;
    private readonly GuardedBuffer<ushort> _cache;

    public EmulatedAttention(KvCacheShape shape, string type = "bf16")
    {
        _shape = shape with { Layers = Layers };
        _definitions = [$"KV={type}", $"BLOCK_SIZE={shape.BlockSize}", $"HEAD_DIM={shape.HeadDim}"];
        _cache = new(shape.Blocks * BlockValues);
        _cache.Span.Fill(0xFFFF); // not a number: what no row may see
    }

    private int BlockValues => Layers * 2 * _shape.KvHeads * _shape.BlockSize * StoredDim;

    private int StoredDim => (_shape.HeadDim + 15) / 16 * 16;

    /// <summary>Stores k and v [tokens, kvHeads · headDim] and attends: q [tokens, heads · headDim], likewise what comes back.</summary>
    public float[] Run(StepBatch batch, float[] q, float[] k, float[] v, AttentionParameters parameters, ThreadOrder order)
    {
        using var keys = new GuardedBuffer<float>(k);
        using var values = new GuardedBuffer<float>(v);
        using var slots = new GuardedBuffer<int>(batch.SlotMapping.AsSpan(0, batch.Tokens));
        int kvSize = _shape.KvHeads * _shape.HeadDim, size = parameters.Heads * _shape.HeadDim;
        var layer = new KvLayer(_cache.Address + BlockValues / Layers * sizeof(ushort), BlockValues, _shape.KvHeads); // the second
        EmulatedKernel.Of("store_kv.cu", _definitions).Launch("store_kv", new StoreKvArguments(0, keys.Address, values.Address, layer, slots.Address, 0, 0, 0, kvSize, 0, 0, 0, 0), (batch.Tokens, 1, 1), 64, 0);

        using var queries = new GuardedBuffer<float>(q);
        using var y = new GuardedBuffer<float>(batch.Tokens * size);
        y.Span.Fill(float.NaN);
        var plan = new AttentionPlan(batch.MaxTokens, batch.MaxSequences, parameters.Heads / _shape.KvHeads, maxParts: 64);
        plan.Make(batch);
        int tableNumbers = batch.Sequences * batch.MaxBlocksPerSequence;
        using var step = new GuardedBuffer<int>([batch.MaxBlocksPerSequence, 4, plan.ItemCount, 4 + tableNumbers, .. batch.BlockTables.AsSpan(0, tableNumbers), .. plan.Items.AsSpan(0, plan.ItemCount)]);
        using var lengths = new GuardedBuffer<int>(plan.Lengths.AsSpan(0, batch.Sequences));
        Decode(plan, batch, parameters, layer, queries, y, step, lengths, order);
        Prefill(plan, batch, parameters, layer, queries, y, step, lengths, order);
        return y.Span.ToArray();
    }

    public void Dispose() => _cache.Dispose();

    private void Decode(
        AttentionPlan plan, StepBatch batch, AttentionParameters parameters, KvLayer layer, GuardedBuffer<float> q, GuardedBuffer<float> y, GuardedBuffer<int> step, GuardedBuffer<int> lengths, ThreadOrder order)
    {
        if (plan.ItemCount == 0) return;
        using var rows = new GuardedBuffer<int>(plan.Rows.AsSpan(0, batch.Sequences));
        using var partitions = new GuardedBuffer<int>(plan.Partitions.AsSpan(0, batch.Sequences));
        using var starts = new GuardedBuffer<int>(plan.PartStarts.AsSpan(0, batch.Sequences));
        using var states = new GuardedBuffer<float>(plan.PartCount * parameters.Heads * (_shape.HeadDim + 2));
        EmulatedKernel kernel = EmulatedKernel.Of("paged_decode.cu", [.. _definitions, "Y=float", $"PARTITION={AttentionPlan.PartitionPositions}", $"WARPS={Warps}"]);
        int size = parameters.Heads * _shape.HeadDim, shared = Warps * 4 * 16 * (StoredDim + 8) * sizeof(ushort);
        kernel.Launch("paged_decode", new PagedDecodeArguments(
            q.Address, y.Address, layer, step.Address, rows.Address, lengths.Address, partitions.Address, starts.Address, states.Address, size, size, parameters.Heads, parameters.Window, parameters.Scale, parameters.SoftCap), (3, 1, 1), Warps * 32, shared, order);
        kernel.Launch("merge_partitions", new MergePartitionsArguments(y.Address, states.Address, rows.Address, lengths.Address, partitions.Address, starts.Address, size, parameters.Heads, parameters.Window),
            (parameters.Heads, batch.Sequences, 1), 64, 0, order);
    }

    private void Prefill(
        AttentionPlan plan, StepBatch batch, AttentionParameters parameters, KvLayer layer, GuardedBuffer<float> q, GuardedBuffer<float> y, GuardedBuffer<int> step, GuardedBuffer<int> lengths, ThreadOrder order)
    {
        if (plan.TileCount == 0) return;
        using var tiles = new GuardedBuffer<int>([.. plan.TileSequences, .. plan.TileFirstRows]);
        using var starts = new GuardedBuffer<int>(batch.QueryStarts.AsSpan(0, batch.Sequences + 1));
        EmulatedKernel kernel = EmulatedKernel.Of("paged_prefill.cu", [.. _definitions, "Y=float", $"PARTITION={AttentionPlan.PartitionPositions}"]);
        int size = parameters.Heads * _shape.HeadDim, shared = 2 * 2 * 64 * (StoredDim + 8) * sizeof(ushort);
        kernel.Launch("paged_prefill", new PagedPrefillArguments(
            q.Address, y.Address, layer, step.Address, tiles.Address, starts.Address, lengths.Address, plan.TileCount, size, size, parameters.Heads, parameters.Window, parameters.Causal ? 1 : 0, parameters.Scale, parameters.SoftCap),
            (plan.TileCount, _shape.KvHeads, 1), 128, shared, order);
    }
}
