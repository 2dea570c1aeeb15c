namespace Folio.Simulation;

/// <summary>An accelerator as its data sheet describes it, and the shares of its peaks that kernels reach.</summary>
/// <param name="Name">As the command line says it.</param>
/// <param name="Memory">Bytes.</param>
/// <param name="Bandwidth">Bytes a second between memory and cores.</param>
/// <param name="Compute">16-bit floating-point operations a second, dense.</param>
/// <param name="Link">Bytes a second to the other devices of a group, one way.</param>
/// <param name="HostLink">Bytes a second to host memory, one way.</param>
public sealed record Device(string Name, double Memory, double Bandwidth, double Compute, double Link, double HostLink)
{
    /// <summary>The share of the bandwidth that matrix products with few rows reach. cuBLAS reads weights at 70–85 % of the peak on A100 and later.</summary>
    public double WeightReadEfficiency { get; init; } = 0.75;

    /// <summary>The share of the bandwidth that attention over contiguous keys and values reaches in decoding.</summary>
    public double AttentionReadEfficiency { get; init; } = 0.75;

    /// <summary>The share of the compute peak that large matrix products reach. The paper's Fig. 19 has 256 tokens recomputed in 20–30 ms: 27 ms need 0.75 of an A100's peak.</summary>
    public double ComputeEfficiency { get; init; } = 0.75;

    /// <summary>The share of the compute peak that attention over prompts reaches.</summary>
    public double AttentionComputeEfficiency { get; init; } = 0.4;

    /// <summary>Seconds of one all-reduce of next to nothing.</summary>
    public double AllReduceLatency { get; init; } = 20e-6;

    /// <summary>
    /// Seconds to start one copy to or from the host. The paper's Fig. 19 has 135 ms for 256 tokens of OPT-13B out and in, one at a time: 40,960 copies of 3.3 µs.
    /// </summary>
    public double CopyLatency { get; init; } = 3.3e-6;

    public static IReadOnlyList<Device> All { get; } =
    [
        new("a100-40g", Memory: 40 * Gibi, Bandwidth: 1.555e12, Compute: 312e12, Link: 300e9, HostLink: 25e9),
        new("a100-80g", Memory: 80 * Gibi, Bandwidth: 2.039e12, Compute: 312e12, Link: 300e9, HostLink: 25e9),
        new("h100", Memory: 80 * Gibi, Bandwidth: 3.35e12, Compute: 989e12, Link: 450e9, HostLink: 50e9),
        new("h200", Memory: 141e9, Bandwidth: 4.8e12, Compute: 989e12, Link: 450e9, HostLink: 50e9),
        new("l40s", Memory: 48 * Gibi, Bandwidth: 0.864e12, Compute: 362e12, Link: 25e9, HostLink: 25e9),
    ];

    private const double Gibi = 1L << 30;

    /// <exception cref="FolioException">There is no such device.</exception>
    public static Device Named(string name) =>
        All.FirstOrDefault(device => device.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new FolioException($"'{name}' is not a device that can be simulated; these are: {string.Join(", ", All.Select(device => device.Name))}.");
}
