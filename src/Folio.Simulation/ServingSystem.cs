using Folio.Engine;
using Folio.Paging;

namespace Folio.Simulation;

/// <summary>A way of managing the KV cache: this engine's, or one that the paper compares with.</summary>
internal sealed record ServingSystem(string Name, Reservation? Reservation = null, bool WholeBatches = false)
{
    /// <summary>This engine.</summary>
    public static ServingSystem Paged { get; } = new("Folio");

    public static ServingSystem OrcaOracle { get; } = new("Orca (Oracle)", Simulation.Reservation.Oracle);

    public static ServingSystem OrcaPow2 { get; } = new("Orca (Pow2)", Simulation.Reservation.Pow2);

    public static ServingSystem OrcaMax { get; } = new("Orca (Max)", Simulation.Reservation.Max);

    public static ServingSystem FasterTransformer { get; } = new("FasterTransformer", Simulation.Reservation.Max, WholeBatches: true);

    /// <summary>Those of the paper's Fig. 12, best first.</summary>
    public static IReadOnlyList<ServingSystem> All { get; } = [Paged, OrcaOracle, OrcaPow2, OrcaMax, FasterTransformer];

    public bool IsPaged => Reservation is null;

    /// <param name="pool">The blocks of the KV cache.</param>
    /// <param name="limits">What a step holds at most.</param>
    /// <param name="maxModelLen">Tokens of the longest sequence.</param>
    /// <param name="outputLength">The true length of a group's outputs: for the baselines alone.</param>
    public IScheduler Scheduler(BlockPool pool, StepLimits limits, int maxModelLen, Func<SequenceGroup, int> outputLength) => Reservation is { } reservation
        ? new ReservationScheduler(pool, limits, maxModelLen, reservation, outputLength, WholeBatches)
        : new Scheduler(pool, limits, maxModelLen, new(), PreemptionCosts.For(bytesPerBlock: 1), new EngineMetrics(maxModelLen));
}
