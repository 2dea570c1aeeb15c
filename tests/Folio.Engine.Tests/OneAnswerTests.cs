using System.Diagnostics;
using System.Text;
using Folio.Compute.Cpu;

namespace Folio.Engine.Tests;

/// <summary>A request's output is a function of its prompt, its parameters and its seed, bit for bit, never of what else ran beside it.</summary>
public sealed class OneAnswerTests(ITestOutputHelper output)
{
    private const int Requests = 40;

    [Fact]
    public async Task One_answer_however_it_was_scheduled()
    {
        var random = new Random(23); // fixed: of these requests the small pool preempts more than half, or a third where they are swapped
        GenerationRequest[] requests = [.. Enumerable.Range(0, Requests).Select(_ => Given.MixedRequest(random, vocabulary: 8180, longestPrompt: 16, mostTokens: 24, mostSequences: 3))];
        var options = new EngineOptions { BlockSize = 4, NumBlocks = 2000, MaxModelLen = 64, MaxNumSeqs = 64, GrowthTokens = 0 };

        EngineOptions small = options with { NumBlocks = 24 };
        using var folder = new TemporaryFolder();
        string[] alone = await Answers("alone, without a prefix cache", requests, options with { EnablePrefixCaching = false }, threads: 1, together: false);
        Assert.Equal(alone, await Answers("together", requests, options, threads: 1));
        Assert.Equal(alone, await Answers("with a token budget of 7", requests, options with { MaxNumBatchedTokens = 7 }, threads: 1));
        string[] twice = await Answers("twice, with hits", [.. requests, .. requests], options, threads: 1);
        Assert.Equal(alone.Concat(alone), twice);
        Assert.Equal(alone, await Answers("preempted and recomputed", requests, small with { PreemptionMode = PreemptionMode.Recompute }, threads: 1, leastPreempted: Requests / 2));
        Assert.Equal(alone, await Answers("swapped to host memory", requests, small with { PreemptionMode = PreemptionMode.Swap, SwapSpace = 1 << 26 }, threads: 1, leastPreempted: Requests / 3));
        Assert.Equal(alone, await Answers("swapped to disk", requests, small with { PreemptionMode = PreemptionMode.Swap, SwapSpace = 0, SwapDirectory = folder.Path }, threads: 1, leastPreempted: Requests / 3));
        Assert.Equal(alone, await Answers("with two threads", requests, options, threads: 2));
        Assert.Equal(alone, await Answers("preempted, with blocks of 16, two threads", requests, options with { BlockSize = 16, NumBlocks = 9, MaxNumBatchedTokens = 20 }, threads: 2));
    }

    private async Task<string[]> Answers(string how, GenerationRequest[] requests, EngineOptions options, int threads, bool together = true, int leastPreempted = 0)
    {
        var watch = Stopwatch.StartNew();
        using var backend = new CpuBackend(threads);
        await using LlmEngine engine = LlmEngine.Load(TestData.DemoModel, backend, options);
        var streams = new RequestStream[requests.Length];
        var answers = new string[requests.Length];
        if (together)
        {
            for (int i = 0; i < streams.Length; i++) streams[i] = (RequestStream)engine.Submit(requests[i]);
        }

        for (int i = 0; i < answers.Length; i++) answers[i] = Text(await Given.ReadAll(streams[i] ??= (RequestStream)engine.Submit(requests[i])));

        EngineMetrics metrics = engine.Metrics;
        int preempted = streams.Count(stream => stream.Preemptions.Count > 0);
        output.WriteLine($"{how}: {watch.Elapsed.TotalSeconds:0.0} s, {metrics.GenerationTokens.Value} tokens, {metrics.IterationTokens.CumulativeCounts()[^1]} steps, {preempted} requests preempted, {metrics.PrefixCacheHits.Value} tokens cached");
        Assert.True(preempted >= leastPreempted, $"only {preempted} requests were preempted");
        Assert.Equal(streams.Sum(stream => stream.Preemptions.Count), metrics.Preemptions.Value);
        return answers;
    }

    /// <summary>All that a client gets, floats by their bits.</summary>
    private static string Text(List<GenerationOutput> outputs)
    {
        var text = new StringBuilder();
        foreach (GenerationOutput output in outputs.OrderBy(output => output.Index)) // each sequence's own order stays
        {
            text.Append($"{output.Index}: {string.Join(" ", output.TokenIds)} '{output.Text}' {output.FinishReason} {output.StopReason} {output.Score:r}");
            foreach (PositionLogprobs? logprobs in output.Logprobs ?? []) Append(text, logprobs);
            foreach (PositionLogprobs? logprobs in output.PromptLogprobs ?? []) Append(text, logprobs);
            text.AppendLine();
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, PositionLogprobs? logprobs)
    {
        if (logprobs is null) return;
        foreach (TokenLogprob one in (TokenLogprob[])[logprobs.Token, .. logprobs.Top]) text.Append($" {one.TokenId}#{one.Rank}:{BitConverter.SingleToInt32Bits(one.Logprob):x8}");
    }
}
