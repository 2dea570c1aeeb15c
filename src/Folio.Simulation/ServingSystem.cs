using Folio.Engine;
using Folio.Paging;

namespace Folio.Simulation;

/// <summary>A way of managing the KV cache: this engine's, or one that the paper compares with.</summary>
internal sealed record ServingSystem(string Name, Reservation? Reservation = null, bool WholeBatches = false)
{
    /// <summary>This engine with what the paper's system had: without a prefix cache, preempted groups are computed again.</summary>
    public static ServingSystem Paged { get; } = new("Folio");

    public static ServingSystem OrcaOracle { get; } = new("Orca (Oracle)", Simulation.Reservation.Oracle);

    public static ServingSystem OrcaPow2 { get; } = new("Orca (Pow2)", Simulation.Reservation.Pow2);

    public static ServingSystem OrcaMax { get; } = new("Orca (Max)", Simulation.Reservation.Max);

    public static ServingSystem FasterTransformer { get; } = new("FasterTransformer", Simulation.Reservation.Max, WholeBatches: true);

    /// <summary>Those of the paper's Fig. 12, best first.</summary>
    public static IReadOnlyList<ServingSystem> All { get; } = [Paged, OrcaOracle, OrcaPow2, OrcaMax, FasterTransformer];

    public bool IsPaged => Reservation is null;

    /// <summary>Whether prompts that begin alike share blocks. This engine's default; off here unless sharing is what is looked at.</summary>
    public bool PrefixCaching { get; init; }

    /// <summary>How preempted groups come back.</summary>
    public PreemptionMode Preemption { get; init; } = PreemptionMode.Recompute;

    /// <summary>Host memory for preempted groups, in blocks of the KV cache.</summary>
    public int HostBlocks { get; init; }

    /// <summary>How much longer prompts may make a step in which others decode. This engine's default is 50 ms; none here unless a deployment is planned.</summary>
    public TimeSpan? MaxPrefillStall { get; init; }

    /// <param name="pool">The blocks of the KV cache.</param>
    /// <param name="limits">What a step holds at most.</param>
    /// <param name="maxModelLen">Tokens of the longest sequence.</param>
    /// <param name="cost">What steps and swaps take.</param>
    /// <param name="outputLength">The true length of a group's outputs: for the baselines alone.</param>
    public IScheduler Scheduler(BlockPool pool, StepLimits limits, int maxModelLen, IStepCost cost, Func<SequenceGroup, int> outputLength) => Reservation is { } reservation
        ? new ReservationScheduler(pool, limits, maxModelLen, reservation, outputLength, WholeBatches)
        : new Scheduler(pool, limits, maxModelLen, new() { Preemption = Preemption, HostBlocks = HostBlocks, MaxPrefillStall = MaxPrefillStall }, Estimates(cost), new EngineMetrics(maxModelLen));

    /// <summary>What the scheduler is told of costs: the truth, as there is nothing to measure. A prompt of some length is computed beside some that decode.</summary>
    private static StepCosts Estimates(IStepCost cost)
    {
        const int tokens = 256, others = 32;
        double block = cost.Seconds(new() { SwappedBlocks = 1 }) - cost.Seconds(default);
        double prompt = cost.Seconds(new(tokens + others, 1 + others, tokens, tokens * tokens / 2, 1 + others)) - cost.Seconds(new(others, others, 0, 0, others));
        return new(prompt / tokens, block, diskSecondsPerBlock: 0);
    }
}
