using Folio.Bench;
using Folio.Compute;
using Folio.Compute.Cpu;

// gemm [--threads N] [--types Q4_1,F32] [--rows 1,16,512] [--activations f32|rounded] [--shapes 576x1536,...]   matrix products of one shape
// pass [--threads N] [--types ...] [--rows ...] [--activations ...]                 all matrices of SmolLM2-135M once
// pack [--threads N] [--types ...]                                                  packing them
// step MODEL [--threads N] [--rows 1,16] [--context 128] [--prefill 512] [--activations ...] [--kv BF16|F32|I8] [--repeats 9]   steps of a model, by op
// attention [--threads N] [--types BF16,F32,I8] [--rows 1,16] [--context 8000] [--prefill 512]   attention by itself
// host [--repeats 9]                                                                planning, batch building and commit of a step
// beams MODEL [--threads N] [--widths 2,4,6] [--tokens 64] [--repeats 3]            beam search in the engine and as resubmitted requests
string command = args.Length == 0 ? "pass" : args[0];
int? threads = Option("--threads") is { } text ? int.Parse(text) : null;
DType[] types = Option("--types") is { } names ? [.. names.Split(',').Select(Enum.Parse<DType>)] : [.. Enum.GetValues<DType>().Where(type => type != DType.I8)];
int[] rows = Option("--rows") is { } list ? [.. list.Split(',').Select(int.Parse)] : [1, 2, 4, 8, 16, 64, 512];
CpuActivations? activations = Option("--activations") is { } named ? Enum.Parse<CpuActivations>(named, ignoreCase: true) : null;
string shapes = Option("--shapes") ?? "576x1536,2048x8192";

using var machine = new CpuBackend(threads);
double peak = MachineLimits.MultiplyAddGops(machine.Threads), bandwidth = ReadBandwidth.Measure(machine.Threads);
Console.WriteLine($"{machine.Description}; multiply-add peak {peak:F0} Gop/s, read bandwidth {bandwidth:F0} GB/s");

switch (command)
{
    case "gemm":
        foreach (string shape in shapes.Split(','))
        {
            int[] sides = [.. shape.Split('x').Select(int.Parse)];
            MatrixBench.Products($"[{sides[1]}, {sides[0]}]", [(sides[1], sides[0])], types, rows, threads, activations, peak);
        }

        break;
    case "pass":
        MatrixBench.Products("SmolLM2-135M, every matrix once", MatrixBench.SmolLm2, types, rows, threads, activations, peak);
        break;
    case "pack":
        MatrixBench.Packing(types, threads);
        break;
    case "step" when args.Length > 1:
        int[] prompts = Option("--prefill") is { } lengths ? [.. lengths.Split(',').Select(int.Parse)] : [];
        DType kv = Enum.Parse<DType>(Option("--kv") ?? "BF16");
        StepBench.Run(args[1], threads, activations, kv, Option("--rows") is null ? [1, 16, 32] : rows, int.Parse(Option("--context") ?? "128"), prompts, int.Parse(Option("--repeats") ?? "9"), bandwidth);
        break;
    case "attention":
        AttentionBench.Run(threads, Option("--types") is null ? [DType.BF16, DType.F32, DType.I8] : types, Option("--rows") is null ? [1, 16] : rows,
            int.Parse(Option("--context") ?? "8000"), [.. (Option("--prefill") ?? "512").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)], peak, bandwidth);
        break;
    case "host":
        HostBench.Run(int.Parse(Option("--repeats") ?? "9"));
        break;
    case "beams" when args.Length > 1:
        int[] widths = [.. (Option("--widths") ?? "2,4,6").Split(',').Select(int.Parse)];
        await BeamBench.RunAsync(args[1], widths, int.Parse(Option("--tokens") ?? "64"), threads, int.Parse(Option("--repeats") ?? "3"));
        break;
    default:
        Console.Error.WriteLine($"'{command}' is no benchmark; there are gemm, pass, pack, step MODEL, attention, host and beams MODEL.");
        return 1;
}

return 0;

string? Option(string name)
{
    int index = Array.IndexOf(args, name);
    return index >= 0 && index + 1 < args.Length ? args[index + 1] : null;
}
