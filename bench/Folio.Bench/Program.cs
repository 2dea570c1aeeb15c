using Folio;
using Folio.Bench;
using Folio.Compute;
using Folio.Compute.Cpu;

// gemm [--threads N] [--types Q4_1,F32] [--rows 1,16,512] [--activations f32|rounded] [--shapes 576x1536,...]   matrix products of one shape
// pass [--threads N] [--types ...] [--rows ...] [--activations ...]                 all matrices of SmolLM2-135M once
// pack [--threads N] [--types ...]                                                  packing them
// step MODEL [--threads N] [--rows 1,16] [--context 128] [--prefill 512] [--activations ...] [--kv BF16|F32|I8] [--repeats 9]   steps of a model, by op
// attention [--threads N] [--types BF16,F32,I8] [--rows 1,16] [--context 8000] [--prefill 512]   attention by itself
// sampling [MODEL] [--threads N] [--rows 32] [--vocabulary 131072] [--repeats 9]    the draws of a step, beside a step of the model
// accuracy MODEL... [--threads N] [--kv F32,BF16,I8] [--text FILE] [--chunks 64] [--llama DIR]   perplexity, and distance from the first model's exact run
// grammar [--vocabulary 131072]                                                     masks of structured output
// host [--repeats 9]                                                                planning, batch building and commit of a step
// beams MODEL [--threads N] [--widths 2,4,6] [--tokens 64] [--repeats 3]            beam search in the engine and as resubmitted requests
try
{
    string command = args.Length == 0 ? "pass" : args[0];
    int? threads = Option("--threads") is { } text ? int.Parse(text) : null;
    DType[] types = Option("--types") is { } names ? [.. names.Split(',').Select(Enum.Parse<DType>)] : [.. QuantizedBlocks.Types];
    int[] rows = Option("--rows") is { } list ? [.. list.Split(',').Select(int.Parse)] : [1, 2, 4, 8, 16, 64, 512];
    CpuActivations? activations = Option("--activations") is { } named ? Enum.Parse<CpuActivations>(named, ignoreCase: true) : null;
    string shapes = Option("--shapes") ?? "576x1536,2048x8192";

    using var machine = new CpuBackend(threads);
    Ceilings ceilings = Ceilings.Measure(machine.Threads);
    Console.WriteLine($"{machine.Description}; {ceilings}");

    switch (command)
    {
        case "gemm":
            foreach (string shape in shapes.Split(','))
            {
                int[] sides = [.. shape.Split('x').Select(int.Parse)];
                MatrixBench.Products($"[{sides[1]}, {sides[0]}]", [(sides[1], sides[0])], types, rows, threads, activations, ceilings);
            }

            break;
        case "pass":
            MatrixBench.Products("SmolLM2-135M, every matrix once", MatrixBench.SmolLm2, types, rows, threads, activations, ceilings);
            break;
        case "pack":
            MatrixBench.Packing(types, threads);
            break;
        case "step" when args.Length > 1:
            int[] prompts = Option("--prefill") is { } lengths ? [.. lengths.Split(',').Select(int.Parse)] : [];
            DType kv = Enum.Parse<DType>(Option("--kv") ?? "BF16");
            StepBench.Run(args[1], threads, activations, kv, Option("--rows") is null ? [1, 16, 32] : rows, int.Parse(Option("--context") ?? "128"), prompts, int.Parse(Option("--repeats") ?? "9"), ceilings.Bandwidth);
            break;
        case "sampling":
            int[] draws = Option("--rows") is null ? [32] : rows;
            double? step = args.Length > 1 && !args[1].StartsWith('-') ? StepBench.Run(args[1], threads, activations, DType.BF16, [draws[0]], context: 128, [], repeats: 9, ceilings.Bandwidth) : null;
            SamplingBench.Run(draws[0], int.Parse(Option("--vocabulary") ?? "131072"), threads, int.Parse(Option("--repeats") ?? "9"), step);
            break;
        case "accuracy" when args.Length > 1:
            DType[] caches = [.. (Option("--kv") ?? "F32,BF16,I8").Split(',').Select(Enum.Parse<DType>)];
            string[] files = [.. args.Skip(1).TakeWhile(word => !word.StartsWith('-'))];
            AccuracyBench.Run(files, Option("--text") ?? Path.Combine(AppContext.BaseDirectory, "Accuracy/alice.txt"), threads, caches, Option("--llama"), int.Parse(Option("--chunks") ?? "64"));
            break;
        case "attention":
            AttentionBench.Run(threads, Option("--types") is null ? [DType.BF16, DType.F32, DType.I8] : types, Option("--rows") is null ? [1, 16] : rows,
                int.Parse(Option("--context") ?? "8000"), [.. (Option("--prefill") ?? "512").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)], ceilings.Floats, ceilings.Bandwidth);
            break;
        case "grammar":
            GrammarBench.Run(int.Parse(Option("--vocabulary") ?? "131072"));
            break;
        case "host":
            HostBench.Run(int.Parse(Option("--repeats") ?? "9"));
            break;
        case "beams" when args.Length > 1:
            int[] widths = [.. (Option("--widths") ?? "2,4,6").Split(',').Select(int.Parse)];
            await BeamBench.RunAsync(args[1], widths, int.Parse(Option("--tokens") ?? "64"), threads, int.Parse(Option("--repeats") ?? "3"));
            break;
        default:
            Console.Error.WriteLine($"'{command}' is no benchmark; there are gemm, pass, pack, step MODEL, attention, sampling, accuracy MODEL..., grammar, host and beams MODEL.");
            return 1;
    }

    return 0;
}
catch (FolioException e)
{
    Console.Error.WriteLine($"bench: {e.Message}");
    return 1;
}

string? Option(string name)
{
    int index = Array.IndexOf(args, name);
    return index >= 0 && index + 1 < args.Length ? args[index + 1] : null;
}
