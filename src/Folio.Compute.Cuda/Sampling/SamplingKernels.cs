using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Compiling;

namespace Folio.Compute.Cuda.Sampling;

/// <summary>The kernels that draw, and those that change logits or tell of them.</summary>
internal sealed class SamplingKernels(KernelLibrary kernels)
{
    private static readonly KernelSource Filter = new("sample_filter.cu");
    private static readonly KernelSource Penalties = new("penalize.cu"), Told = new("logprobs.cu");
    private Kernel? _chunkMaxima, _weigh, _cut, _race, _penalize, _applyMask, _logSumExp, _rankIds, _likeliest;

    /// <summary>Compiles all of them, so that no request has to wait for one.</summary>
    public void Load() => _ = (ChunkMaxima, Weigh, Cut, Race, Penalize, ApplyMask, LogSumExp, RankIds, Likeliest);

    public Kernel ChunkMaxima => _chunkMaxima ??= kernels.Get(new("chunk_maxima.cu"), "chunk_maxima", SamplePlan.RowThreads);

    public Kernel Weigh => _weigh ??= kernels.Get(Filter, "weigh", SamplePlan.RowThreads, SamplePlan.SumBytes);

    public Kernel Cut => _cut ??= kernels.Get(Filter, "cut", SamplePlan.BlockThreads, SamplePlan.SelectBytes);

    public Kernel Penalize => _penalize ??= kernels.Get(Penalties, "penalize", SamplePlan.RowThreads);

    public Kernel ApplyMask => _applyMask ??= kernels.Get(Penalties, "apply_mask", SamplePlan.RowThreads);

    public Kernel LogSumExp => _logSumExp ??= kernels.Get(Told, "log_sum_exp", SamplePlan.BlockThreads, SamplePlan.SumBytes);

    public Kernel RankIds => _rankIds ??= kernels.Get(Told, "rank_ids", SamplePlan.BlockThreads, SamplePlan.SumBytes);

    public Kernel Likeliest => _likeliest ??= kernels.Get(Told, "likeliest", SamplePlan.LikeliestThreads, SamplePlan.LikeliestBytes);

    public Kernel Race => _race ??= kernels.Get(new("sample_race.cu"), "race", SamplePlan.RowThreads, SamplePlan.SumBytes);
}
