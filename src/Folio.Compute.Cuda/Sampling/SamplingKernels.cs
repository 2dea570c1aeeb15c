using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Compiling;

namespace Folio.Compute.Cuda.Sampling;

/// <summary>The kernels that draw.</summary>
internal sealed class SamplingKernels(KernelLibrary kernels)
{
    private static readonly KernelSource Filter = new("sample_filter.cu");
    private Kernel? _chunkMaxima, _weigh, _cut, _race;

    public Kernel ChunkMaxima => _chunkMaxima ??= kernels.Get(new("chunk_maxima.cu"), "chunk_maxima", SamplePlan.RowThreads);

    public Kernel Weigh => _weigh ??= kernels.Get(Filter, "weigh", SamplePlan.RowThreads, SamplePlan.SumBytes);

    public Kernel Cut => _cut ??= kernels.Get(Filter, "cut", SamplePlan.BlockThreads, SamplePlan.SelectBytes);

    public Kernel Race => _race ??= kernels.Get(new("sample_race.cu"), "race", SamplePlan.RowThreads, SamplePlan.SumBytes);
}
