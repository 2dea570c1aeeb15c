namespace Folio.Simulation;

/// <summary>Time of a step in which the device waits for the host: scheduling, launches, sampling.</summary>
/// <param name="Step">Seconds a step.</param>
/// <param name="Sequence">Seconds a sequence of the step.</param>
public readonly record struct HostOverhead(double Step, double Sequence)
{
    /// <summary>The paper's stack (Python, kernels launched one by one).</summary>
    /// <remarks>
    /// Fitted to the paper itself. At its knees OPT-13B writes 642 tokens/s in batches of 30.4 with ShareGPT lengths (47 ms a step) and, under Orca (Oracle), 372 in
    /// batches of 13.6 (37 ms); with Alpaca lengths 1637 in 132 (80 ms) and 1169 in 73 (62 ms). The roofline gives 36, 27, 32 and 26 ms of these; the rest is about 6 ms
    /// and 0.2 ms a sequence, more with Alpaca and less with ShareGPT lengths.
    /// </remarks>
    public static HostOverhead Paper { get; } = new(Step: 6e-3, Sequence: 0.2e-3);

    /// <summary>A serving engine of today: launches replayed from a graph, host work of 100 µs at 256 sequences (this project's own bound), the rest sampling and transfers.</summary>
    public static HostOverhead Modern { get; } = new(Step: 1e-3, Sequence: 2e-6);
}
