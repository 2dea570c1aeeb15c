using Folio;
using Folio.GpuBench;

// Checks and measures all of the CUDA backend on the card at hand: docs/performance-gpu.md.
try
{
    if (args.Contains("--help") || args.Contains("-h"))
    {
        Console.WriteLine(Options.Usage);
        return 0;
    }

    Options options = Options.Parse(args);
    if (options.Part is not null) return PartRun.Run(options, Console.Out);
    return new Bench(options).Run() ? 0 : 1;
}
catch (FolioException error)
{
    Console.Error.WriteLine($"gpu-bench: {error.Message}");
    return 2;
}
