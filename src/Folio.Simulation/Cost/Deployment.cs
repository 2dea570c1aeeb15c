namespace Folio.Simulation;

/// <summary>A model on a group of devices, and the tokens that its KV cache has slots for.</summary>
public sealed record Deployment(ModelShape Model, Device Device, int Devices, int KvSlots)
{
    /// <summary>The share of the memory that an engine takes; the rest is the driver's, the allocator's and the activations'.</summary>
    private const double MemoryShare = 0.9;

    public string Name => Devices == 1 ? $"{Model.Name} on {Device.Name}" : $"{Model.Name} on {Devices} × {Device.Name}";

    // The paper's Table 1.
    public static Deployment Opt13B { get; } = new(ModelShape.Named("opt-13b"), Device.Named("a100-40g"), 1, 15_700);

    public static Deployment Opt66B { get; } = new(ModelShape.Named("opt-66b"), Device.Named("a100-40g"), 4, 9_700);

    public static Deployment Opt175B { get; } = new(ModelShape.Named("opt-175b"), Device.Named("a100-80g"), 8, 60_100);

    /// <summary>The paper's shared-prefix test; 13 billion parameters as OPT-13B, so as many slots.</summary>
    public static Deployment Llama13B { get; } = new(ModelShape.Named("llama-13b"), Device.Named("a100-40g"), 1, 15_700);

    /// <summary>As many slots as memory has room for beside the weights.</summary>
    /// <exception cref="FolioException">The weights don't fit, or the heads can't be dealt out.</exception>
    public static Deployment Of(ModelShape model, Device device, int devices)
    {
        if (model.KvHeads % devices != 0) throw new FolioException($"{model.Name} has {model.KvHeads} KV heads, which {devices} devices can't share evenly; --devices must divide {model.KvHeads}.");
        double room = devices * device.Memory * MemoryShare - model.WeightBytes;
        if (room < model.KvBytesPerToken * 1024)
        {
            throw new FolioException($"{model.Name} takes {model.WeightBytes / 1e9:0.0} GB of weights; {devices} × {device.Name} have {devices * device.Memory / 1e9:0.0} GB, of which {MemoryShare:0 %} are used. Raise --devices.");
        }

        return new(model, device, devices, (int)Math.Min(int.MaxValue / 2, room / model.KvBytesPerToken));
    }

    /// <summary>Blocks of the KV cache.</summary>
    public int Blocks(int blockSize) => KvSlots / blockSize;

    public Roofline Cost(HostOverhead host, int blockSize, double attentionSlowdown = 1) =>
        new(Model, Device, Devices, host) { BlockSize = blockSize, AttentionSlowdown = attentionSlowdown };
}
