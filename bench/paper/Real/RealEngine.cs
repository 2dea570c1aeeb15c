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
    private readonly CpuBackend _backend = new(threads: 1);
    private readonly TransformerDecoder _decoder;
    private readonly KvCache _cache;

    /// <param name="model">A checkpoint.</param>
    /// <param name="shape">Blocks and limits, as they are simulated too.</param>
    public RealEngine(string model, SimulatedEngine shape)
    {
        Shape = shape;
        using ModelSource source = ModelSource.Open(model);
        _decoder = TransformerDecoder.Load(source, _backend);
        _decoder.Reserve(shape.Limits.Tokens, shape.Limits.LogitRows);
        _cache = _backend.AllocateKvCache(_decoder.KvCacheShape(shape.BlockSize, shape.Blocks));
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

    /// <summary>Serves a workload, all of it submitted at once.</summary>
    /// <returns>Every step, with its processor time.</returns>
    public List<MeasuredStep> Run(ServingSystem system, Workload workload)
    {
        List<MeasuredStep> steps = [];
        Run(system, workload.Requests.Select(Request), (step, _) => steps.Add(step));
        return steps;
    }

    /// <summary>Serves requests, all submitted at once.</summary>
    /// <param name="stepped">Told of every step.</param>
    /// <returns>[requests][tokens] what the first sequence of each has said.</returns>
    public int[][] Run(ServingSystem system, IEnumerable<GenerationRequest> requests, Action<MeasuredStep, ObservedRunner> stepped)
    {
        var pool = new BlockPool(Shape.Blocks, Shape.BlockSize, system.PrefixCaching);
        PreemptionCosts costs = PreemptionCosts.For(_backend.KvBytesPerBlock(_cache.Shape));
        IScheduler scheduler = system.Scheduler(pool, Shape.Limits, Shape.MaxModelLen, Shape.Cost, group => group.MaxLength - group.PromptLength);
        using var runner = new ObservedRunner(new ModelRunner(_decoder, _cache, _backend), Shape.BlockSize);
        var inbox = new RequestInbox();
        var loop = new EngineLoop(inbox, scheduler, runner, new Sampler(runner, Shape.Limits), costs, new EngineMetrics(Shape.MaxModelLen));
        SequenceGroup[] groups = [.. requests.Select(request => new SequenceGroup(
            request, request.Prompt.Length + request.Sampling.MaxTokens!.Value, [], pool, (ulong)(request.Sampling.Seed ?? 0), new RequestOutlet()))];
        foreach (SequenceGroup group in groups) inbox.Post(new(MessageKind.Submit, group, 0));
        while (true)
        {
            double start = ThreadClock.Seconds;
            if (!loop.Step()) break;
            stepped(new(runner.Work, ThreadClock.Seconds - start), runner);
        }

        return [.. groups.Select(group => group.Sequences[0].Output.ToArray())];
    }

    public void Dispose() => _backend.Dispose();

    private GenerationRequest Request(SimulatedRequest simulated, int number) => new()
    {
        Prompt = simulated.Prompt(number).Select(id => id % VocabularySize).ToArray(),
        Sampling = new() { Temperature = 0, MaxTokens = simulated.OutputTokens, IgnoreEos = true },
    };
}
