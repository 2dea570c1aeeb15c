using System.Diagnostics;
using Folio.Compute.Cpu;
using Folio.Engine;

namespace Folio.Bench;

/// <summary>Beam search in the engine beside what servers without it do: every beam is resubmitted as a new request of one token, and the prefix cache finds its blocks.</summary>
internal static class BeamBench
{
    private const string Text =
        "Once upon a time, in a small house near a big forest, there lived a little girl named Lily and her old dog. Every morning they went to the river to look at the fish. "
        + "One day the dog saw a strange box under a tree. Lily was not afraid. She opened the box very slowly, and in it she found";

    private static readonly string[] s_ways = ["in the engine", "resubmitted, prefix cache on", "resubmitted, prefix cache off"];

    private static int s_runs;

    /// <param name="model">Folder or file.</param>
    /// <param name="widths">Beam widths.</param>
    /// <param name="tokens">Tokens of each beam.</param>
    /// <param name="threads">Of the backend.</param>
    /// <param name="repeats">Runs of each, alternating; the fastest counts. Without the prefix cache there is one.</param>
    public static async Task RunAsync(string model, int[] widths, int tokens, int? threads, int repeats)
    {
        using var backend = new CpuBackend(threads);
        var options = new EngineOptions { MaxLogprobs = 2 * widths.Max(), NumBlocks = 1024, MaxModelLen = 512 };
        await using LlmEngine engine = LlmEngine.Load(model, backend, options);
        await using LlmEngine uncached = LlmEngine.Load(model, backend, options with { EnablePrefixCaching = false });
        int[] prompt = engine.Model.Encode(Text);
        Console.WriteLine($"{engine.Model.Name}: {prompt.Length} tokens of prompt, {tokens} of each beam, blocks of {options.BlockSize}");
        Console.WriteLine("| width | | tokens computed | blocks copied | seconds | CPU seconds | times the engine's |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- |");
        foreach (int width in widths)
        {
            Run[] best = [Run.Worst, Run.Worst, Run.Worst];
            for (int repeat = 0; repeat < repeats; repeat++)
            {
                best[0] = best[0].Or(await MeasureAsync(engine, salt => SearchAsync(engine, prompt, width, tokens, salt)));
                best[1] = best[1].Or(await MeasureAsync(engine, salt => EmulateAsync(engine, prompt, width, tokens, salt)));
                if (repeat == 0) best[2] = best[2].Or(await MeasureAsync(uncached, salt => EmulateAsync(uncached, prompt, width, tokens, salt)));
            }

            if (best.Any(run => run.Answer != best[0].Answer)) throw new InvalidOperationException($"width {width}: the answers differ");
            for (int i = 0; i < best.Length; i++)
                Console.WriteLine($"| {width} | {s_ways[i]} | {best[i].Tokens} | {best[i].Copies} | {best[i].Seconds:0.00} | {best[i].CpuSeconds:0.00} | {best[i].CpuSeconds / best[0].CpuSeconds:0.0} |");
        }
    }

    /// <param name="engine">Whose counters are read.</param>
    /// <param name="search">Given a salt of its own, so that no run finds another's prefixes.</param>
    private static async Task<Run> MeasureAsync(LlmEngine engine, Func<string, Task<string>> search)
    {
        EngineMetrics metrics = engine.Metrics;
        (double tokens, long copies) = (metrics.IterationTokens.Sum, metrics.CopiedBlocks.Value);
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        var watch = Stopwatch.StartNew();
        string answer = await search($"run {s_runs++}");
        return new(watch.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds, (long)(metrics.IterationTokens.Sum - tokens), metrics.CopiedBlocks.Value - copies, answer);
    }

    private static async Task<string> SearchAsync(LlmEngine engine, int[] prompt, int width, int tokens, string salt)
    {
        var sampling = new SamplingParams { UseBeamSearch = true, N = width, MaxTokens = tokens, IgnoreEos = true };
        var beams = new List<int>[width];
        for (int i = 0; i < width; i++) beams[i] = [];
        await foreach (GenerationOutput output in engine.Submit(new() { Prompt = prompt, Sampling = sampling, CacheSalt = salt })) beams[output.Index].AddRange(output.TokenIds);
        return string.Join("; ", beams.Select(beam => string.Join(" ", beam)));
    }

    private static async Task<string> EmulateAsync(LlmEngine engine, int[] prompt, int width, int tokens, string salt)
    {
        var sampling = new SamplingParams { Temperature = 0, MaxTokens = 1, Logprobs = 2 * width, IgnoreEos = true };
        List<(int[] Tokens, float Sum)> beams = [([], 0)];
        for (int step = 0; step < tokens; step++)
        {
            GenerationStream[] streams = [.. beams.Select(beam => engine.Submit(new() { Prompt = (int[])[.. prompt, .. beam.Tokens], Sampling = sampling, CacheSalt = salt }))];
            List<(int[] Tokens, float Sum)> candidates = [];
            for (int i = 0; i < streams.Length; i++)
            {
                await foreach (GenerationOutput output in streams[i])
                {
                    foreach (PositionLogprobs logprobs in output.Logprobs!)
                        candidates.AddRange(logprobs.Top.Select(top => ((int[])[.. beams[i].Tokens, top.TokenId], beams[i].Sum + top.Logprob)));
                }
            }

            beams = [.. candidates.OrderByDescending(candidate => candidate.Sum).Take(width)];
        }

        return string.Join("; ", beams.Select(beam => string.Join(" ", beam.Tokens)));
    }

    /// <summary>One search as it was measured.</summary>
    private sealed record Run(double Seconds, double CpuSeconds, long Tokens, long Copies, string Answer)
    {
        public static Run Worst { get; } = new(double.PositiveInfinity, double.PositiveInfinity, 0, 0, "");

        public Run Or(Run other) => other.CpuSeconds < CpuSeconds ? other : this;
    }
}
