namespace Folio.Compute.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <summary>Address space for the states of partitions when one context is spread over threads; the system commits what is used.</summary>
    private const long PartBytes = 64L << 20;

    private readonly Dictionary<int, nint> _attentionTiles = []; // of a head's channels
    private AttentionTile[] _tiles = [];
    private int[] _lastPositions = [];    // [tokens] of each row's sequence: what a row sees up to where attention isn't causal
    private float* _partStates;
    private float* _attentionScratch;
    private long _attentionScratchSize;   // values, all workers together

    public override KvCache AllocateKvCache(KvCacheShape shape) => new CpuKvCache(shape, _arena);

    public override long KvBytesPerBlock(KvCacheShape shape) => new KvLayout(shape, null).BlockStride * shape.Layers;

    public override void ReserveAttention(int maxTokens, int maxSequences, int heads, KvCacheShape shape)
    {
        if (_tiles.Length < maxTokens) (_tiles, _lastPositions) = (new AttentionTile[maxTokens], new int[maxTokens]);
        if (Threads > 1 && _partStates == null) _partStates = (float*)_arena.AllocateUncleared(PartBytes);

        if (!_attentionTiles.ContainsKey(shape.HeadDim))
        {
            var tiles = (AttentionTiles*)_arena.Allocate(sizeof(AttentionTiles));
            *tiles = AttentionTiles.Create(shape.HeadDim, _isa, _code);
            _attentionTiles.Add(shape.HeadDim, (nint)tiles);
        }

        long scratch = ScratchSize(heads / shape.KvHeads, new KvLayout(shape, null)) * Threads;
        if (_attentionScratchSize >= scratch) return;
        _attentionScratch = (float*)_arena.AllocateUncleared(scratch * sizeof(float));
        _attentionScratchSize = scratch;
    }

    public override void StoreKv(KvCache cache, int layer, Tensor k, Tensor v, Indices slots)
    {
        KvLayout layout = ((CpuKvCache)cache).Layer(layer);
        fixed (int* pointer = slots.Values)
        {
            switch (cache.Shape.Type)
            {
                case DType.F32: _team.RunRows(slots.Length, k.Columns, new StoreKvKernel<F32Element>(layout, k, v, pointer)); break;
                case DType.BF16: _team.RunRows(slots.Length, k.Columns, new StoreKvKernel<BF16Element>(layout, k, v, pointer)); break;
                default: _team.RunRows(slots.Length, k.Columns, new StoreKvKernel<I8Element>(layout, k, v, pointer)); break;
            }
        }
    }

    public override void RopeAndStoreKv(KvCache cache, int layer, Tensor q, Tensor k, Tensor v, RopeAngles angles, StepBatch batch)
    {
        Rope(q, cache.Shape.HeadDim, angles, batch.TokenPositions);
        Rope(k, cache.Shape.HeadDim, angles, batch.TokenPositions);
        StoreKv(cache, layer, k, v, batch.Slots);
    }

    public override void CopyBlocks(KvCache cache, ReadOnlySpan<BlockCopy> copies)
    {
        if (copies.IsEmpty) return;
        var own = (CpuKvCache)cache;
        fixed (BlockCopy* pointer = copies) _team.Run(cache.Shape.Layers, new CopyBlocksJob(own.Layer(0), own.LayerStride, pointer, copies.Length));
    }

    public override void Attention(KvCache cache, int layer, Tensor q, StepBatch batch, AttentionParameters parameters, Tensor y)
    {
        KvLayout layout = ((CpuKvCache)cache).Layer(layer);
        int group = parameters.Heads / layout.KvHeads;
        ReserveAttention(batch.MaxTokens, batch.MaxSequences, parameters.Heads, cache.Shape);
        fixed (int* positions = parameters.Causal ? batch.Positions : LastPositions(batch), tables = batch.BlockTables)
        fixed (AttentionTile* tiles = _tiles)
        {
            var plan = new AttentionPlan
            {
                Cache = layout,
                Q = q,
                Y = y,
                Group = group,
                Positions = positions,
                BlockTables = tables,
                BlocksPerSequence = batch.MaxBlocksPerSequence,
                Scale = parameters.Scale,
                SoftCap = parameters.SoftCap,
                Window = parameters.Window,
                Kernels = (AttentionTiles*)_attentionTiles[layout.HeadDim],
                Tiles = tiles,
            };
            plan.AddTiles(batch.QueryStarts.AsSpan(0, batch.Sequences + 1));
            switch (cache.Shape.Type)
            {
                case DType.F32: Run<F32Element>(plan); break;
                case DType.BF16: Run<BF16Element>(plan); break;
                default: Run<I8Element>(plan); break;
            }
        }
    }

    /// <summary>Whole contexts where there are tiles enough to keep all threads busy, single partitions where there are not.</summary>
    private void Run<TElement>(in AttentionPlan plan) where TElement : IKvElement
    {
        const int itemsForBalance = 4; // a thread; fewer leave the last of them waiting
        int queries = AttentionPlan.MaxQueries(plan.Group), items = plan.TileCount * plan.Cache.KvHeads;
        long scratch = ScratchSize(plan.Group, plan.Cache);
        long partStride = (long)queries * AttentionScratch.StateStride(plan.Cache.HeadDim);
        bool split = Threads > 1 && items < itemsForBalance * Threads && plan.PartCount > items && plan.PartCount * partStride * sizeof(float) <= PartBytes;
        if (!split)
        {
            _team.Run(items, new AttentionJob<TElement>(plan, _attentionScratch, scratch));
            return;
        }

        var parts = new AttentionPartJob<TElement>(plan, Math.Clamp(plan.PartCount / (itemsForBalance * Threads), 1, 8), _attentionScratch, scratch, _partStates, partStride);
        _team.Run(parts.Items, parts);
        _team.Run(items, new AttentionMergeJob<TElement>(plan, _partStates, partStride));
    }

    private int[] LastPositions(StepBatch batch)
    {
        for (int sequence = 0; sequence < batch.Sequences; sequence++)
        {
            int first = batch.QueryStarts[sequence];
            _lastPositions.AsSpan(first, batch.QueryStarts[sequence + 1] - first).Fill(batch.ContextLengths[sequence] - 1);
        }

        return _lastPositions;
    }

    /// <summary>Values of one worker's scratch.</summary>
    private static long ScratchSize(int group, in KvLayout layout) => AttentionScratch.Size(AttentionPlan.MaxQueries(group), layout.HeadDim);
}
