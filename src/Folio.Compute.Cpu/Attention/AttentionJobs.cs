namespace Folio.Compute.Cpu;

/// <summary>An item is one (tile, KV head) with its whole context.</summary>
internal unsafe struct AttentionJob<TElement>(AttentionPlan plan, float* scratch, long scratchStride) : IParallelJob where TElement : IKvElement
{
    private AttentionPlan _plan = plan;

    public void Run(int item, int worker)
    {
        // Last tiles first: those of a long prompt have the most to read, and the end of the job is where imbalance costs.
        ref AttentionTile tile = ref _plan.Tiles[_plan.TileCount - 1 - item / _plan.Cache.KvHeads];
        int kvHead = item % _plan.Cache.KvHeads, queries = tile.Rows * _plan.Group;
        var memory = new AttentionScratch(scratch + worker * scratchStride, AttentionPlan.MaxQueries(_plan.Group), _plan.Cache.HeadDim);

        AttentionKernel<TElement>.LoadQueries(_plan, tile, kvHead, memory);
        AttentionKernel<TElement>.Partition(_plan, tile, kvHead, tile.FirstPartition, memory, memory.Merged);
        for (int i = 1; i < tile.Partitions; i++)
        {
            AttentionKernel<TElement>.Partition(_plan, tile, kvHead, tile.FirstPartition + i, memory, memory.Partial);
            AttentionKernel<TElement>.Merge(_plan, memory.Merged, memory.Partial, queries);
        }

        AttentionKernel<TElement>.StoreOutputs(_plan, tile, kvHead, memory.Merged);
    }
}

/// <summary>For few tiles with long contexts: an item is a run of (tile, KV head, partition), each state goes to a slot of its own.</summary>
/// <param name="run">Neighbours of an item: what one fetches ahead is the next one's.</param>
/// <param name="states">[parts, MaxQueries, StateStride]</param>
internal unsafe struct AttentionPartJob<TElement>(AttentionPlan plan, int run, float* scratch, long scratchStride, float* states, long partStride) : IParallelJob where TElement : IKvElement
{
    private AttentionPlan _plan = plan;

    public int Items => (_plan.PartCount + run - 1) / run;

    public void Run(int item, int worker)
    {
        var memory = new AttentionScratch(scratch + worker * scratchStride, AttentionPlan.MaxQueries(_plan.Group), _plan.Cache.HeadDim);
        for (int part = item * run; part < Math.Min(item * run + run, _plan.PartCount); part++)
        {
            int index = _plan.TileCount - 1;
            while (_plan.Tiles[index].FirstPart > part) index--;
            ref AttentionTile tile = ref _plan.Tiles[index];
            (int kvHead, int partition) = Math.DivRem(part - tile.FirstPart, tile.Partitions);
            AttentionKernel<TElement>.LoadQueries(_plan, tile, kvHead, memory);
            AttentionKernel<TElement>.Partition(_plan, tile, kvHead, tile.FirstPartition + partition, memory, states + part * partStride);
        }
    }
}

/// <summary>Merges the states of <see cref="AttentionPartJob{TElement}"/>: an item is one (tile, KV head).</summary>
internal unsafe struct AttentionMergeJob<TElement>(AttentionPlan plan, float* states, long partStride) : IParallelJob where TElement : IKvElement
{
    private AttentionPlan _plan = plan;

    public void Run(int item, int worker)
    {
        ref AttentionTile tile = ref _plan.Tiles[item / _plan.Cache.KvHeads];
        int kvHead = item % _plan.Cache.KvHeads;
        float* first = states + (tile.FirstPart + (long)kvHead * tile.Partitions) * partStride;
        for (int i = 1; i < tile.Partitions; i++) AttentionKernel<TElement>.Merge(_plan, first, first + i * partStride, tile.Rows * _plan.Group);
        AttentionKernel<TElement>.StoreOutputs(_plan, tile, kvHead, first);
    }
}
