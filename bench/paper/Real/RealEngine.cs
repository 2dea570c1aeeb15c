using Folio.Compute;
using Folio.Compute.Cpu;
using Folio.Engine;
using Folio.Models;
using Folio.Paging;
using Folio.Simulation;

namespace Folio.Paper.Real;

/// <summary>The engine's own loop over a real model on one thread of the CPU, with whichever scheduler.</summary>
internal sealed class RealEngine : IDisposable
{
    private readonly CpuBackend _backend = new(threads: 1, activations: CpuActivations.F32); // rounded ones compute a row so fast that a batch gains nothing with a model this small
    private readonly TransformerDecoder _decoder;
    private readonly KvCache _cache;

    /// <param name="model">A checkpoint.</param>
    /// <param name="shape">Blocks and limits, as they are simulated too.</param>
    public RealEngine(string model, SimulatedEngine shape)
    {
        Shape = shape;
        using ModelSource source = ModelSource.Open(model);
        _decoder = TransformerDecoder.Load(source, _backend);
        _decoder.Reserve(shape.Limits.Tokens, shape.Limits.Sequences, shape.Limits.LogitRows);
        _cache = _backend.AllocateKvCache(_decoder.Spec.KvCacheShape(shape.BlockSize, shape.Blocks));
    }

    /// <summary>The demo model, with a quarter of the paper's OPT-13B: its context and its cache.</summary>
    public static RealEngine Demo(string repository)
    {
        const int blockSize = 16;
        return new(Path.Combine(repository, "models", "demo", "folio-demo.Q8_0.gguf"), new()
        {
            System = ServingSystem.Paged,
            Cost = Deployment.Opt13B.Cost(HostOverhead.Paper, blockSize), // tells the scheduler what swaps would cost; there are none
            Blocks = Deployment.Opt13B.Blocks(blockSize) / 4,
            BlockSize = blockSize,
            MaxModelLen = PaperWorkloads.MostTokens / 4,
            Limits = new(Tokens: 256, Sequences: 64, LogitRows: 64),
        });
    }

    /// <summary>Blocks and limits.</summary>
    public SimulatedEngine Shape { get; }

    public int VocabularySize => _decoder.Spec.VocabularySize;

    /// <summary>Serves a workload, all of it submitted at once. As in the simulator, nobody but Oracle and Pow2 knows how long an answer will be: each is stopped at its length.</summary>
    /// <returns>Every step, with its processor time.</returns>
    public List<MeasuredStep> Run(ServingSystem system, Workload workload)
    {
        Dictionary<SequenceGroup, int> lengths = [];
        var pool = new BlockPool(Shape.Blocks, Shape.BlockSize, system.PrefixCaching);
        var run = new RealRun(pool);
        foreach ((int number, SimulatedRequest simulated) in workload.Requests.Index())
        {
            int[] prompt = [.. simulated.Prompt(number).Select(id => id % VocabularySize)];
            SequenceGroup group = run.Submit(new() { Prompt = prompt, Sampling = new() { Temperature = 0, MaxTokens = Shape.MaxModelLen - prompt.Length, IgnoreEos = true } });
            lengths.Add(group, simulated.OutputTokens);
        }

        IScheduler scheduler = system.Scheduler(pool, Shape.Limits, Shape.MaxModelLen, Shape.Cost, group => lengths[group]);
        run.ToEnd(Model(), scheduler, Shape, stops: group => group.Sequences[0].OutputLength >= lengths[group]);
        return run.Steps;
    }

    /// <summary>Serves requests, all submitted at once, each to its <see cref="SamplingParams.MaxTokens"/>.</summary>
    public RealRun RunPaged(IEnumerable<GenerationRequest> requests)
    {
        var pool = new BlockPool(Shape.Blocks, Shape.BlockSize);
        var run = new RealRun(pool);
        foreach (GenerationRequest request in requests) run.Submit(request);
        run.ToEnd(Model(), ServingSystem.Paged.Scheduler(pool, Shape.Limits, Shape.MaxModelLen, Shape.Cost, _ => 0), Shape, stops: _ => false);
        return run;
    }

    public void Dispose() => _backend.Dispose();

    private ModelRunner Model() => new(_decoder, _cache, _backend);
}
