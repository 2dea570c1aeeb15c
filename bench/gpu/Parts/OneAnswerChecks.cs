using Folio.Compute.Cuda;
using Folio.Engine;
using Folio.Models;

namespace Folio.GpuBench;

/// <summary>The engine on the card, deterministic: requests alone and together, in chunks, preempted either way and out of a warm prefix cache. Tokens and log-probabilities must have the same bits.</summary>
internal sealed class OneAnswerChecks(Options options) : Part(options)
{
    private readonly EngineOptions _roomy = new() { NumBlocks = 600, MaxModelLen = options.Size(256, 64), MaxNumSeqs = options.Size(32, 3), GrowthTokens = 0, EnablePrefixCaching = false, PreemptionMode = PreemptionMode.Recompute };

    private string[]? _alone;

    private int Requests => Options.Size(24, 3);

    public override IEnumerable<Item> Items
    {
        get
        {
            EngineOptions small = _roomy with { NumBlocks = Options.Size(40, 5) };
            yield return new("together", log => Check(log, "together", "tokens", _roomy, metrics => metrics.GenerationTokens));
            yield return new("token budget", log => Check(log, "with a token budget of 11", "tokens", _roomy with { MaxNumBatchedTokens = 11 }, metrics => metrics.GenerationTokens));
            yield return new("recomputed", log => Check(log, "preempted and computed again", "preemptions", small, metrics => metrics.Preemptions));
            yield return new("swapped", log => Check(log, "preempted and swapped to the host", "preemptions", small with { PreemptionMode = PreemptionMode.Swap, SwapSpace = 1 << 28 }, metrics => metrics.Preemptions));
            yield return new("prefix cache", log => Check(log, "with a warm prefix cache", "tokens found there", _roomy with { EnablePrefixCaching = true }, metrics => metrics.PrefixCacheHits, rounds: 2));
        }
    }

    /// <param name="happened">Counts what must have happened for this to show anything.</param>
    private void Check(ResultLog log, string how, string what, EngineOptions engine, Func<EngineMetrics, Counter> happened, int rounds = 1)
    {
        _alone ??= Answers(_roomy, together: false, rounds: 1, out _);
        string[] now = Answers(engine, together: true, rounds, out EngineMetrics metrics);
        int others = _alone.Zip(now).Count(pair => pair.First != pair.Second);
        log.Check($"answers {how}", others, 0, $"of {now.Length} that differ; {happened(metrics).Value} {what}");
        if (happened(metrics).Value == 0) log.Fail(how, $"there were no {what}, so this shows nothing");
    }

    /// <returns>Of the last round.</returns>
    private string[] Answers(EngineOptions settings, bool together, int rounds, out EngineMetrics metrics)
    {
        using CudaBackend backend = BothBackends.NewCard(Options, deterministic: true);
        using RandomModel? tiny = Options.Tiny ? RandomModel.Make(ModelShape.Tiny, "BF16") : null;
        using ModelSource source = tiny?.Open() ?? ModelSource.Open(ModelFile.Demo);
        LlmEngine engine = LlmEngine.Load(source, backend, settings);
        try
        {
            var answers = new string[Requests];
            for (int round = 0; round < rounds; round++)
            {
                if (together) Task.WaitAll(Enumerable.Range(0, Requests).Select(async i => answers[i] = await AnswerAsync(engine, i)));
                else for (int i = 0; i < Requests; i++) answers[i] = AnswerAsync(engine, i).GetAwaiter().GetResult();
            }

            metrics = engine.Metrics;
            return answers;
        }
        finally
        {
            engine.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private async Task<string> AnswerAsync(LlmEngine engine, int number)
    {
        var random = new Random(number);
        int[] prompt = [.. Enumerable.Range(0, Options.Size(random.Next(1, 120), 30)).Select(_ => random.Next(3, engine.Model.VocabularySize))];
        var sampling = new SamplingParams { Temperature = number % 3 == 0 ? 0 : 1, TopP = number % 2 == 0 ? 0.9f : 1, Seed = number, MaxTokens = Options.Size(60, 6), IgnoreEos = true, Logprobs = 1 };
        List<string> answer = [];
        await foreach (GenerationOutput output in engine.Submit(new GenerationRequest { Prompt = prompt, Sampling = sampling }))
        {
            for (int i = 0; i < output.TokenIds.Count; i++) answer.Add($"{output.TokenIds[i]}:{BitConverter.SingleToInt32Bits(output.Logprobs![i].Token.Logprob):x}");
        }

        return string.Join(' ', answer);
    }
}
