using System.Diagnostics;
using Folio.Compute.Cuda;
using Folio.Engine;
using Folio.Models;

namespace Folio.GpuBench;

/// <summary>From the start of a process to its first token of the demo model. Each is a process of its own, so the parts are.</summary>
/// <param name="keepsKernels">Whether what a process before this one has compiled may be used.</param>
internal sealed class StartTime(Options options, bool keepsKernels) : Part(options)
{
    public override IEnumerable<Item> Items => [new(keepsKernels ? "warm" : "cold", Measure)];

    private void Measure(ResultLog log)
    {
        string how = keepsKernels ? "kernels kept" : "no kernels kept", folder = Options.Tiny ? Options.Kernels : Options.Kernels + "-start";
        if (!keepsKernels && !Options.Tiny && Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        Write("the card's context");
        using CudaBackend card = new(new CudaOptions { KernelFolder = folder });
        using RandomModel? tiny = Options.Tiny ? RandomModel.Make(ModelShape.Tiny, "BF16") : null;
        using ModelSource source = tiny?.Open() ?? ModelSource.Open(ModelFile.Demo);
        LlmEngine engine = LlmEngine.Load(source, card, new EngineOptions { NumBlocks = Options.Size(256, 8), MaxNumSeqs = Options.Size(256, 2), MaxNumBatchedTokens = Options.Size(512, 64) });
        try
        {
            Write("the model ready, steps recorded");
            FirstTokenAsync(engine).GetAwaiter().GetResult();
            Write("the first token");
        }
        finally
        {
            engine.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }

        void Write(string what)
        {
            double seconds = (DateTime.Now - Process.GetCurrentProcess().StartTime).TotalSeconds;
            log.Time($"from the process's start to {what}, {how}", new(seconds, seconds, seconds, 1), 1, "s");
        }
    }

    private static async Task FirstTokenAsync(LlmEngine engine)
    {
        await foreach (GenerationOutput output in engine.Submit(new GenerationRequest { Prompt = (int[])[5, 6, 7, 8], Sampling = new() { MaxTokens = 1, IgnoreEos = true } }))
        {
            if (output.TokenIds.Count > 0) return;
        }
    }
}
