using System.Diagnostics;
using Folio.Compute.Cuda;
using Folio.Engine;
using Folio.Models;

namespace Folio.GpuBench;

/// <summary>The engine with requests that all wait from the start: 1000 tokens in, 1000 out, until all are answered or the time is over.</summary>
/// <param name="type">Of the weights.</param>
/// <param name="wanted">Output tokens a second, of an H200.</param>
internal sealed class ServingSpeed(Options options, string type, double wanted) : Part(options)
{
    public override IEnumerable<Item> Items => [new($"1000/1000, {type}", Measure)];

    private void Measure(ResultLog log)
    {
        int requests = Options.Size(768, 4), tokens = Options.Size(1000, 8);
        using CudaBackend card = BothBackends.NewCard(Options);
        using var model = RandomModel.Make(ModelShape.Of(Options), type);
        using ModelSource source = model.Open();
        var settings = new EngineOptions
        {
            MaxModelLen = 2 * tokens + 16,
            MaxNumSeqs = Options.Size(512, 2),
            MaxNumBatchedTokens = Options.Size(8192, 64),
            MaxPrefillStall = null,
            EnablePrefixCaching = false,
            SwapSpace = 0,
            NumBlocks = Options.Size((int?)null, 20),
        };
        LlmEngine engine = LlmEngine.Load(source, card, settings);
        try
        {
            using var end = new CancellationTokenSource(TimeSpan.FromSeconds(Options.Size(70, 10)));
            long start = Stopwatch.GetTimestamp();
            Task<bool>[] answers = [.. Enumerable.Range(0, requests).Select(i => AnswerAsync(engine, i, tokens, end.Token))];
            var seen = new List<(double Seconds, long Tokens)>();
            while (!Task.WaitAll(answers, millisecondsTimeout: Options.Size(500, 5))) seen.Add((Stopwatch.GetElapsedTime(start).TotalSeconds, engine.Metrics.GenerationTokens.Value));
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            int finished = answers.Count(answer => answer.Result);
            EngineMetrics metrics = engine.Metrics;
            string what = $"{finished} of {requests} requests finished in {seconds:0.0} s; {metrics.PromptTokens.Value} tokens in, {metrics.GenerationTokens.Value} out; {metrics.Preemptions.Value} preemptions; {engine.Plan.Blocks} blocks";
            log.Figure(
                $"{type}: {tokens} in, {tokens} out, at most {settings.MaxNumSeqs} at once", new(seconds, seconds, seconds, 1), metrics.GenerationTokens.Value, "output tok/s",
                result => result with { Wanted = wanted, Text = what + " (wanted of an H200)" });
            WriteFullest(log, seen);
        }
        finally
        {
            engine.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    /// <summary>The median of the seconds in which as many tokens as usual were made: without the first prompts and the last stragglers.</summary>
    private void WriteFullest(ResultLog log, List<(double Seconds, long Tokens)> seen)
    {
        List<double> rates = [.. seen.Skip(1).Zip(seen, (later, earlier) => (later.Tokens - earlier.Tokens) / (later.Seconds - earlier.Seconds)).Where(rate => rate > 0)];
        if (rates.Count < 4) return;
        rates.Sort();
        log.Write(new(ResultKind.Figure, $"{type}: the same, by half seconds")
        {
            Value = rates[rates.Count / 2],
            Low = rates[rates.Count / 10],
            High = rates[^1],
            Runs = rates.Count,
            Unit = "output tok/s",
            Text = "the range leaves out the lowest tenth",
        });
    }

    private static async Task<bool> AnswerAsync(LlmEngine engine, int number, int tokens, CancellationToken end)
    {
        var random = new Random(number);
        int[] prompt = [.. Enumerable.Range(0, tokens).Select(_ => random.Next(engine.Model.VocabularySize))];
        var request = new GenerationRequest { Prompt = prompt, Sampling = new() { Temperature = 1, Seed = number, MaxTokens = tokens, IgnoreEos = true } };
        try
        {
            await foreach (GenerationOutput output in engine.Submit(request, end))
            {
                if (output.FinishReason is { } reason) return reason == FinishReason.Length;
            }
        }
        catch (OperationCanceledException)
        {
        }

        return false;
    }
}
