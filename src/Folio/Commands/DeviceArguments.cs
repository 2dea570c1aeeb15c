using System.CommandLine;
using System.CommandLine.Parsing;
using Folio.Compute;
using Folio.Compute.Cpu;
using Folio.Compute.Cuda;
using Folio.Server;

namespace Folio.Commands;

/// <summary>What computes, and the options of each: the processor, or a card.</summary>
internal sealed class DeviceArguments
{
    private readonly Option<string?> _device = new("--device")
    {
        Description = "What computes: cpu, or cuda, an NVIDIA card (cuda:1, the second one) (default: cpu).",
        HelpName = "cpu|cuda|cuda:N",
    };

    private readonly Option<int?> _threads = OptionOf.Integer("--threads", "The processor's threads that compute (default: one a core).");
    private readonly Option<CpuActivations?> _activations = OptionOf.Choice(
        "--activations", "Whether the processor's products with quantised and bf16 weights round their inputs (default: rounded where that is faster).", ("rounded", CpuActivations.Rounded), ("f32", CpuActivations.F32));

    private readonly Option<double?> _utilization = OptionOf.Share("--gpu-memory-utilization", "The share of a card's memory that this process takes in all (default: 0.9).");
    private readonly Option<DType?> _type = OptionOf.Named(
        "--dtype", "What a card's products are fed with (default: auto, as the weights are stored; bfloat16 for quantised ones).", DeviceOptions.ProductTypes);

    private readonly Option<bool> _deterministic = new("--deterministic") { Description = "On a card, an answer is the same bits whatever runs beside it, as it always is on the processor; slower." };
    private readonly Option<bool> _eager = new("--enforce-eager") { Description = "A card's decoding steps are launched kernel by kernel, not as CUDA graphs." };
    private readonly PackedWeightArguments? _packedWeights;

    /// <param name="loads">The command loads weights, not the description of a model alone.</param>
    public DeviceArguments(Command command, bool loads)
    {
        Option[] ofCpu = [_threads, _activations], ofCard = [_utilization, _type, _deterministic, _eager];
        foreach (Option option in (Option[])[_device, .. ofCpu, .. ofCard]) command.Options.Add(option);
        if (loads)
        {
            _packedWeights = new PackedWeightArguments(command);
            ofCpu = [.. ofCpu, .. _packedWeights.Options]; // a card takes weights as they are stored
        }

        command.Validators.Add(given =>
        {
            OptionResult? named = given.GetResult(_device);
            if (named is { Tokens.Count: not 1 }) return; // which the parser tells
            string device = OptionOf.TextOf(named) ?? "cpu";
            if (!DeviceOptions.IsName(device)) given.AddError($"--device is '{device}'; {DeviceOptions.Names} was expected.");
            foreach (Option foreign in device == "cpu" ? ofCard : ofCpu)
            {
                if (given.GetResult(foreign) is { Implicit: false }) given.AddError($"{foreign.Name} is no option of --device {device}.");
            }
        });
    }

    public Backend New(ParseResult parsed)
    {
        if (parsed.GetValue(_device) is { } device and not "cpu")
        {
            var usual = new CudaOptions();
            CudaOptions cuda = usual with
            {
                GpuMemoryUtilization = parsed.GetValue(_utilization) ?? usual.GpuMemoryUtilization,
                Dtype = parsed.GetValue(_type),
                IsDeterministic = parsed.GetValue(_deterministic),
                EnforceEager = parsed.GetValue(_eager),
            };
            return new DeviceOptions { Name = device, Cuda = cuda }.New();
        }

        int? threads = parsed.GetValue(_threads);
        if (threads > Environment.ProcessorCount) EngineArguments.Warn($"--threads is {threads}, and this process has {Environment.ProcessorCount} processors: threads that take turns on one are slower than one.");
        return new CpuBackend(threads, activations: parsed.GetValue(_activations), packedWeights: _packedWeights?.Cache(parsed, EngineArguments.Warn));
    }
}
