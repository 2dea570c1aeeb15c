using Folio.Compute.Cpu;

namespace Folio.Engine.Tests;

/// <summary>More sequences are drawn than are answered; the references are plain requests, one for each seed.</summary>
public sealed class BestOfTests
{
    [Fact]
    public async Task The_n_with_the_highest_mean_log_probability_are_answered_best_first()
    {
        await using LlmEngine engine = Given.Engine();
        int[] prompt = [3, 1, 4, 1, 5, 9, 2, 6, 5]; // fixed: of its answers the first two differ in length
        GenerationRequest request = new() { Prompt = prompt, Sampling = new() { MaxTokens = 25, Seed = 50, StopTokenIds = [5, 11], FrequencyPenalty = 0.5f } };
        await AssertRanked(engine, request, n: 3, bestOf: 8);
        await AssertRanked(engine, request, n: 1, bestOf: 2);
    }

    [Fact]
    public async Task A_stop_string_ends_what_is_ranked()
    {
        using var backend = new CpuBackend();
        await using LlmEngine engine = LlmEngine.Load(TestData.DemoModel, backend, new() { NumBlocks = 200 });
        int[] prompt = engine.Model.Encode("Once upon a time");
        await AssertRanked(engine, new() { Prompt = prompt, Sampling = new() { MaxTokens = 40, Seed = 3, Stop = [".", " there"] } }, n: 2, bestOf: 6);
    }

    [Fact]
    public async Task What_was_asked_for_besides_comes_with_the_answers_and_nothing_else_does()
    {
        await using LlmEngine engine = Given.Engine();
        GenerationRequest request = Given.Request(prompt: 6, maxTokens: 5);
        List<GenerationOutput> plain = await Given.ReadAll(engine.Submit(Best(request, 2, 4)));
        Assert.All(plain, output => Assert.Null(output.Logprobs ?? output.PromptLogprobs));

        List<GenerationOutput> outputs = await Given.ReadAll(engine.Submit(Best(request with { Sampling = request.Sampling with { Logprobs = 2, PromptLogprobs = 1 } }, 2, 4)));
        Assert.All(outputs, output => Assert.Equal(2, output.Logprobs![0].Top.Count));
        Assert.Equal(6, outputs[0].PromptLogprobs!.Count);
        Assert.All(outputs.Skip(1), output => Assert.Null(output.PromptLogprobs));
        Assert.Equal(plain.SelectMany(output => output.TokenIds), outputs.SelectMany(output => output.TokenIds));
    }

    [Fact]
    public async Task Best_of_n_itself_ranks_nothing()
    {
        await using LlmEngine engine = Given.Engine();
        GenerationRequest request = Given.Request(prompt: 6, maxTokens: 5, n: 3);
        List<GenerationOutput> plain = await Given.ReadAll(engine.Submit(request)), outputs = await Given.ReadAll(engine.Submit(Best(request, 3, 3)));
        Assert.Equal(plain.Select(output => (output.Index, output.TokenIds[0], output.Score)), outputs.Select(output => (output.Index, output.TokenIds[0], output.Score)));
    }

    [Fact]
    public async Task Tokens_and_times_are_counted_of_what_is_answered()
    {
        await using LlmEngine engine = Given.Engine();
        GenerationStream stream = engine.Submit(Best(Given.Request(prompt: 6, maxTokens: 10), 2, 5));
        await Given.ReadAll(stream);
        EngineMetrics metrics = engine.Metrics;
        Assert.Equal(20, stream.CompletionTokens);
        Assert.Equal(20, metrics.GenerationTokens.Value);
        Assert.Equal(2, metrics.FinishedWith(FinishReason.Length).Value);
        Assert.Equal(1, metrics.TimeToFirstToken.CumulativeCounts()[^1]);
        Assert.Equal(0, metrics.InterTokenLatency.CumulativeCounts()[^1]);
    }

    [Fact]
    public async Task Cancelled_it_answers_n_aborted_sequences()
    {
        using var cancellation = new CancellationTokenSource();
        int steps = 0;
        await using LlmEngine engine = Given.Engine(prepare: model => model.BeforeStep = _ =>
        {
            if (++steps == 10) cancellation.Cancel();
        });
        List<GenerationOutput> outputs = await Given.ReadAll(Given.AtOnce(engine, () => engine.Submit(Best(Given.Request(prompt: 6, maxTokens: 150), 2, 5), cancellation.Token)));
        Assert.Equal([(0, FinishReason.Abort), (1, FinishReason.Abort)], outputs.Select(output => (output.Index, output.FinishReason!.Value)));
        await Given.Until(() => engine.Metrics.KvCacheUsage.Value == 0);
        Assert.Equal((10, 2), (steps, (int)engine.Metrics.FinishedWith(FinishReason.Abort).Value));
    }

    private static GenerationRequest Best(GenerationRequest request, int n, int bestOf) => request with { Sampling = request.Sampling with { N = n, BestOf = bestOf } };

    private static async Task AssertRanked(LlmEngine engine, GenerationRequest request, int n, int bestOf)
    {
        List<(string Answer, double Mean)> single = [];
        for (int i = 0; i < bestOf; i++)
        {
            List<GenerationOutput> outputs = await Given.ReadAll(engine.Submit(request with { Sampling = request.Sampling with { Seed = request.Sampling.Seed + i, Logprobs = 0 } }));
            single.Add((Text(outputs), outputs.SelectMany(output => output.Logprobs!).Average(logprobs => (double)logprobs.Token.Logprob)));
        }

        List<GenerationOutput> best = await Given.ReadAll(engine.Submit(Best(request, n, bestOf)));
        Assert.True(single.Select(one => one.Answer.Length).Distinct().Count() > 1);
        foreach ((int rank, (string answer, double mean)) in single.OrderByDescending(one => one.Mean).Take(n).Index())
        {
            GenerationOutput[] own = [.. best.Where(output => output.Index == rank)];
            Assert.Equal(answer, Text(own));
            Assert.Equal(mean, own[^1].Score!.Value, 1e-5);
            Assert.All(own[..^1], output => Assert.Null(output.Score));
        }

        Assert.Equal(Enumerable.Range(0, n), best.Select(output => output.Index).Distinct());
    }

    private static string Text(IEnumerable<GenerationOutput> outputs) =>
        string.Concat(outputs.Select(output => $"{string.Join(" ", output.TokenIds)} {output.Text} {output.FinishReason} {output.StopReason}|"));
}
