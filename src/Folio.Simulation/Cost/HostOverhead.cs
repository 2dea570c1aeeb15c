namespace Folio.Simulation;

/// <summary>Time of a step in which the device waits for the host: scheduling, launches, sampling.</summary>
/// <param name="Step">Seconds a step.</param>
/// <param name="Sequence">Seconds a sequence of the step.</param>
public readonly record struct HostOverhead(double Step, double Sequence)
{
    /// <summary>The paper's stack (Python, kernels launched one by one).</summary>
    /// <remarks>
    /// Fitted to the paper itself: at its knees OPT-13B makes 642 tokens/s in batches of 30.4 (47 ms a step) and, under Orca (Oracle), 372 in batches of 13.6 (37 ms);
    /// the roofline gives 36 and 27 ms of these.
    /// </remarks>
    public static HostOverhead Paper { get; } = new(Step: 9e-3, Sequence: 0.05e-3);

    /// <summary>A serving engine of today: launches replayed from a graph, host work of 100 µs at 256 sequences (this project's own bound), the rest sampling and transfers.</summary>
    public static HostOverhead Modern { get; } = new(Step: 1e-3, Sequence: 2e-6);
}
