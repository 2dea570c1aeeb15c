namespace Folio.Simulation;

/// <summary>A step's time on a group of equal devices: each phase takes the longer of its reads and its arithmetic.</summary>
/// <remarks>
/// step = products + attention + all-reduces + copies + swaps + host, where
/// products = max(weights / (bandwidth · e), 2 · parameters · tokens / (peak · e)),
/// attention = slow-down · max(keys and values read / (bandwidth · e), 4 · query size · pairs · layers / (peak · e)).
/// The devices split weights, heads and arithmetic evenly (tensor parallelism), with two all-reduces a layer.
/// </remarks>
public sealed class Roofline(ModelShape model, Device device, int devices, HostOverhead host) : IStepCost
{
    /// <summary>What the paper measured for its kernel, at block size 16, against FasterTransformer's over contiguous memory: 20–26 % slower.</summary>
    public const double PaperKernelSlowdown = 1.23;

    /// <summary>The paper's kernel at another block size. Below 16 tokens it can't use the device's parallelism, says the paper without figures; the square root is a guess.</summary>
    public static double PaperSlowdown(int blockSize) => PaperKernelSlowdown * Math.Sqrt(Math.Max(1, 16.0 / blockSize));

    /// <summary>How much longer attention takes than over contiguous keys and values: 1 for the reservation baselines.</summary>
    public double AttentionSlowdown { get; init; } = 1;

    /// <summary>Tokens of a block, for swaps.</summary>
    public int BlockSize { get; init; } = 16;

    public double Seconds(in StepWork work) =>
        Products(work.Tokens) + Attention(work) + AllReduces(work.Tokens) + Copies(work.CopiedTokens) + Swaps(work.SwappedBlocks) + host.Step + host.Sequence * work.Sequences;

    /// <summary>Seconds that blocks take to the host or back: one copy for the keys and one for the values of each layer, then the bytes.</summary>
    public double Swaps(long blocks) =>
        blocks == 0 ? 0 : blocks * (2.0 * model.Layers * device.CopyLatency + BlockSize * model.KvBytesPerToken / devices / device.HostLink);

    private double Products(int tokens) => Math.Max(
        model.WeightBytes / devices / (device.Bandwidth * device.WeightReadEfficiency),
        2 * model.Parameters * tokens / devices / (device.Compute * device.ComputeEfficiency));

    private double Attention(in StepWork work) => AttentionSlowdown * Math.Max(
        work.ContextTokens * model.KvBytesPerToken / devices / (device.Bandwidth * device.AttentionReadEfficiency),
        4.0 * model.QuerySize * work.AttentionPairs * model.Layers / devices / (device.Compute * device.AttentionComputeEfficiency));

    /// <remarks>A ring moves 2 (d − 1) / d of the 16-bit values over each link.</remarks>
    private double AllReduces(int tokens) =>
        devices == 1 ? 0 : 2.0 * model.Layers * (device.AllReduceLatency + 2.0 * (devices - 1) / devices * tokens * model.HiddenSize * 2 / device.Link);

    /// <remarks>Each byte is read and written.</remarks>
    private double Copies(long tokens) => 2.0 * tokens * model.KvBytesPerToken / devices / (device.Bandwidth * device.AttentionReadEfficiency);
}
