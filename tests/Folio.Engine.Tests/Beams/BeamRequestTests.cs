namespace Folio.Engine.Tests;

/// <summary>Searches as a client of the engine asks for them.</summary>
public sealed class BeamRequestTests
{
    [Fact]
    public async Task The_answer_comes_at_the_end_best_first_with_scores_and_stop_ids()
    {
        await using LlmEngine engine = Given.Engine(prepare: model => model.Bend = (tokens, row) => row[3] = tokens.Length > 15 ? 3 : -5);
        GenerationStream stream = engine.Submit(Search(n: 4) with { Sampling = Search(n: 4).Sampling with { StopTokenIds = [3], Logprobs = 1, PromptLogprobs = 1 } });
        List<GenerationOutput> outputs = await Given.ReadAll(stream);
        Assert.Equal(outputs.OrderBy(output => output.Index), outputs);
        GenerationOutput[] last = [.. outputs.Where(output => output.FinishReason is not null)];
        Assert.Equal([0, 1, 2, 3], last.Select(output => output.Index));
        Assert.Equal(last.OrderByDescending(output => output.Score), last);
        Assert.Contains(last, output => output.FinishReason == FinishReason.Stop);
        Assert.All(last.Where(output => output.FinishReason == FinishReason.Stop), output => Assert.Equal(output.TokenIds[0], output.StopReason));
        Assert.All(outputs.Except(last), output => Assert.Null(output.Score));
        Assert.All(outputs, output => Assert.Equal(output.TokenIds[0], output.Logprobs![0].Token.TokenId));
        Assert.Equal(stream.PromptTokens, outputs[0].PromptLogprobs!.Count);
        Assert.Equal(stream.CompletionTokens, outputs.Count);
    }

    [Fact]
    public async Task The_first_token_comes_with_the_last()
    {
        await using LlmEngine engine = Given.Engine();
        await Given.ReadAll(engine.Submit(Search(n: 3)));
        EngineMetrics metrics = engine.Metrics;
        Assert.Equal((1, 0, 0), (metrics.TimeToFirstToken.CumulativeCounts()[^1], metrics.InterTokenLatency.CumulativeCounts()[^1], metrics.TimePerOutputToken.CumulativeCounts()[^1]));
        Assert.Equal(metrics.EndToEnd.Sum, 3 * metrics.TimeToFirstToken.Sum, 1e-9);
    }

    [Fact]
    public async Task Cancelling_ends_every_beam_with_abort()
    {
        using var cancellation = new CancellationTokenSource();
        int steps = 0;
        await using LlmEngine engine = Given.Engine(prepare: model => model.BeforeStep = _ =>
        {
            if (++steps == 10) cancellation.Cancel();
        });
        GenerationRequest request = Search(n: 3);
        List<GenerationOutput> outputs = await Given.ReadAll(Given.AtOnce(engine, () => engine.Submit(request with { Sampling = request.Sampling with { MaxTokens = 180 } }, cancellation.Token)));
        Assert.Equal([FinishReason.Abort, FinishReason.Abort, FinishReason.Abort], outputs.Select(output => output.FinishReason!.Value));
        await Given.Until(() => engine.Metrics is { KvCacheUsage.Value: 0, RequestsRunning.Value: 0 });
        Assert.Equal(10, steps);
    }

    [Fact]
    public async Task Without_max_tokens_a_search_ends_with_the_context()
    {
        await using LlmEngine engine = Given.Engine(maxModelLen: 30);
        GenerationRequest request = Search(n: 2);
        List<GenerationOutput> outputs = await Given.ReadAll(engine.Submit(request with { Sampling = request.Sampling with { MaxTokens = null, IgnoreEos = true } }));
        Assert.Equal(2 * (30 - request.Prompt.Length), outputs.Count);
        Assert.Equal(FinishReason.Length, outputs[^1].FinishReason);
    }

    [Fact]
    public async Task A_width_that_can_never_run_is_refused_with_the_numbers()
    {
        await using LlmEngine few = Given.Engine(sequences: 4), small = Given.Engine(sequences: 16, budget: 4);
        Assert.Equal("n is 5; at most 4 sequences run at once (--max-num-seqs, MaxNumSeqs).", Assert.Throws<RequestException>(() => few.Submit(Search(n: 5))).Message);
        Assert.Equal(
            "n is 5; the beams of a search run in one step, which takes at most 4 tokens (--max-num-batched-tokens, MaxNumBatchedTokens).", Assert.Throws<RequestException>(() => small.Submit(Search(n: 5))).Message);
        RequestException best = Assert.Throws<RequestException>(() => few.Submit(new() { Prompt = new[] { 1 }, Sampling = new() { N = 2, BestOf = 5, MaxTokens = 3 } }));
        Assert.Equal(("best_of is 5; at most 4 sequences run at once (--max-num-seqs, MaxNumSeqs).", "best_of"), (best.Message, best.Parameter));
        Assert.Equal(4 * 12, (await Given.ReadAll(small.Submit(Search(n: 4)))).Count);
    }

    private static GenerationRequest Search(int n) => new() { Prompt = Enumerable.Range(1, 10).ToArray(), Sampling = new() { UseBeamSearch = true, N = n, MaxTokens = 12, IgnoreEos = true } };
}
