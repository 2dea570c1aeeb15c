using Folio.Compute.Cuda.Attention;
using Folio.Compute.Cuda.Tests.Emulation;

namespace Folio.Compute.Cuda.Tests.Attention;

/// <summary>A paged cache in emulated memory, and attention's kernels over it, launched as the backend launches them.</summary>
internal sealed class EmulatedAttention : IDisposable
{
    private const int Layers = 2;
    private readonly KvCacheShape _shape;
    private readonly string[] _definitions;
    private readonly GuardedBuffer<byte> _cache;
    private readonly AttentionLaunch _launch;

    /// <param name="byWarpgroups">Whether prefill is paged_prefill_wgmma's.</param>
    /// <param name="sharesTiles">Whether warps share an item's tiles where they can.</param>
    public EmulatedAttention(KvCacheShape shape, bool byWarpgroups, bool sharesTiles)
    {
        _shape = shape with { Layers = Layers };
        _launch = new AttentionLaunch(shape, byWarpgroups, sharesTiles);
        _definitions = [$"KV={NumberNames.Of(shape.Type)}", $"BLOCK_SIZE={shape.BlockSize}", $"HEAD_DIM={shape.HeadDim}"];
        _cache = new((int)(shape.Blocks * CudaKvCache.BytesPerBlock(_shape)));
        _cache.Span.Fill(0xFF); // not a number: what no row may see
    }

    /// <summary>Stores k and v [tokens, kvHeads · headDim] and attends: q [tokens, heads · headDim], likewise what comes back.</summary>
    public float[] Run(StepBatch batch, float[] q, float[] k, float[] v, AttentionParameters parameters, ThreadOrder order)
    {
        using var keys = new GuardedBuffer<float>(k);
        using var values = new GuardedBuffer<float>(v);
        using var slots = new GuardedBuffer<int>(batch.SlotMapping.AsSpan(0, batch.Tokens));
        int kvSize = _shape.KvHeads * _shape.HeadDim, size = parameters.Heads * _shape.HeadDim;
        KvLayer layer = new CudaKvCache(_shape, _cache.Address).Layer(1);
        EmulatedKernel.Of("store_kv.cu", _definitions).Launch("store_kv", new StoreKvArguments(0, keys.Address, values.Address, layer, slots.Address, 0, 0, 0, kvSize, 0, 0, 0, 0), (batch.Tokens, 1, 1), 64, 0);

        using var queries = new GuardedBuffer<float>(q);
        using var y = new GuardedBuffer<float>(batch.Tokens * size);
        y.Span.Fill(float.NaN);
        var plan = new AttentionPlan(batch.MaxTokens, batch.MaxSequences, parameters.Heads / _shape.KvHeads, maxParts: 64, _launch.TileRows);
        plan.Make(batch);
        int tables = 4 + batch.Sequences, items = tables + batch.Sequences * batch.MaxBlocksPerSequence;
        using var step = new GuardedBuffer<int>(
            [4, plan.ItemCount, items, 0, .. Enumerable.Range(0, batch.Sequences).Select(i => tables + i * batch.MaxBlocksPerSequence), .. batch.BlockTables.AsSpan(0, items - tables), .. plan.Items.AsSpan(0, plan.ItemCount)]);
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
        EmulatedKernel kernel = EmulatedKernel.Of("paged_decode.cu", [.. _definitions, "Y=float", $"PARTITION={AttentionPlan.PartitionPositions}", $"WARPS={_launch.DecodeWarps}", $"TILE_WARPS={_launch.TileWarps}"]);
        int size = parameters.Heads * _shape.HeadDim;
        kernel.Launch("paged_decode", new PagedDecodeArguments(
            q.Address, y.Address, layer, step.Address, rows.Address, lengths.Address, partitions.Address, starts.Address, states.Address, size, size, parameters.Heads, parameters.Window, parameters.Scale, parameters.SoftCap), (3, 1, 1), _launch.DecodeThreads, _launch.DecodeSharedBytes, order);
        kernel.Launch("merge_partitions", new MergePartitionsArguments(y.Address, states.Address, rows.Address, lengths.Address, partitions.Address, starts.Address, size, parameters.Heads, parameters.Window),
            (parameters.Heads, batch.Sequences, 1), 64, 0, order);
    }

    private void Prefill(
        AttentionPlan plan, StepBatch batch, AttentionParameters parameters, KvLayer layer, GuardedBuffer<float> q, GuardedBuffer<float> y, GuardedBuffer<int> step, GuardedBuffer<int> lengths, ThreadOrder order)
    {
        if (plan.TileCount == 0) return;
        using var tiles = new GuardedBuffer<int>([.. plan.TileSequences, .. plan.TileFirstRows]);
        using var starts = new GuardedBuffer<int>(batch.QueryStarts.AsSpan(0, batch.Sequences + 1));
        EmulatedKernel kernel = EmulatedKernel.Of(_launch.Prefill + ".cu", [.. _definitions, "Y=float", $"PARTITION={AttentionPlan.PartitionPositions}"]);
        int size = parameters.Heads * _shape.HeadDim;
        kernel.Launch(_launch.Prefill, new PagedPrefillArguments(
            q.Address, y.Address, layer, step.Address, tiles.Address, starts.Address, lengths.Address, plan.TileCount, size, size, parameters.Heads, parameters.Window, parameters.Causal ? 1 : 0, parameters.Scale, parameters.SoftCap),
            (plan.TileCount * _shape.KvHeads, 1, 1), _launch.PrefillThreads, _launch.PrefillSharedBytes, order);
    }
}
