namespace Folio.GpuBench;

/// <summary>A part as the list has it.</summary>
/// <param name="Name">For --parts.</param>
/// <param name="Title">The report's.</param>
/// <param name="Seconds">That it may take on a card.</param>
internal sealed record PartEntry(string Name, string Title, double Seconds, Func<Options, Part> Make);

/// <summary>All parts, in the order in which they run and are reported: first whether everything is right, then how fast it is.</summary>
internal static class PartList
{
    public static IReadOnlyList<PartEntry> All { get; } =
    [
        new("facts", "The machine, and what it can do at most", 45, options => new Facts(options)),
        new("attention-checks", "Attention beside the CPU's", 60, options => new AttentionChecks(options)),
        new("product-checks", "Products beside the CPU's", 60, options => new ProductChecks(options)),
        new("op-checks", "The other kernels beside the CPU's", 45, options => new OpChecks(options)),
        new("model-checks", "Models beside the CPU's fp32", 80, options => new ModelChecks(options)),
        new("one-answer", "One answer, however it was scheduled", 40, options => new OneAnswerChecks(options)),
        new("products", "Speed of products", 60, options => new ProductSpeed(options)),
        new("attention", "Speed of attention", 40, options => new AttentionSpeed(options)),
        new("moves", "Speed of blocks that move", 30, options => new MoveSpeed(options)),
        new("steps", "Steps of a model of Llama-3.1-8B's shape", 120, options => new StepSpeed(options)),
        new("serving", "The engine, offline", 110, options => new ServingSpeed(options, "BF16", wanted: 11_000)),
        new("cold-start", "Start, no kernels kept", 40, options => new StartTime(options, keepsKernels: false)),
        new("warm-start", "Start, kernels kept", 20, options => new StartTime(options, keepsKernels: true)),
        new("serving-fp8", "The engine, offline, fp8", 110, options => new ServingSpeed(options, RandomModel.Fp8, wanted: 17_000)),
    ];

    public static PartEntry Find(string name) => All.First(part => part.Name == name);
}
