namespace Folio.Engine.Tests;

public sealed class LlmEngineTests
{
    [Fact]
    public async Task Sixty_four_clients_at_once_are_served_and_every_block_is_free_afterwards()
    {
        await using LlmEngine engine = Given.Engine(blocks: 120);
        GenerationRequest[] requests = [.. Enumerable.Range(0, 64).Select(i => Given.Request(prompt: 1 + i % 20, maxTokens: 30, n: 1 + i % 4))];
        Task<List<GenerationOutput>[]> asked;
        using (new Standstill(engine)) // until all are there
        {
            asked = Task.WhenAll(requests.Select(request => Task.Run(() => Given.ReadAll(engine.Submit(request)))));
            await Given.Until(() => engine.InFlight == 64);
        }

        List<GenerationOutput>[] answers = await asked;
        for (int i = 0; i < 64; i++) Assert.Equal(30 * requests[i].Sampling.N, answers[i].Sum(output => output.TokenIds.Count));
        await Idle(engine);
        Assert.True(engine.Metrics.Preemptions.Value > 0);
    }

    [Fact]
    public async Task Leaving_the_enumeration_cancels_the_request()
    {
        await using LlmEngine engine = Given.Engine();
        using (new StepGate(engine, 3))
        {
            await foreach (GenerationOutput output in engine.Submit(Given.Request(prompt: 5, maxTokens: 190)))
            {
                if (output.TokenIds.Count > 0) break;
            }
        }

        await Idle(engine);
        AssertAborted(engine, sequences: 1);
    }

    [Fact]
    public async Task Cancelling_the_token_ends_every_sequence_with_abort()
    {
        await using LlmEngine engine = Given.Engine();
        using var cancellation = new CancellationTokenSource();
        using var gate = new StepGate(engine, 3);
        List<FinishReason?> ends = [];
        await foreach (GenerationOutput output in engine.Submit(Given.Request(prompt: 5, maxTokens: 190, n: 3), cancellation.Token))
        {
            await cancellation.CancelAsync();
            gate.Dispose();
            if (output.FinishReason is not null) ends.Add(output.FinishReason);
        }

        Assert.Equal([FinishReason.Abort, FinishReason.Abort, FinishReason.Abort], ends);
        await Idle(engine);
        AssertAborted(engine, sequences: 3);
    }

    [Fact]
    public async Task Disposing_a_stream_that_nobody_reads_cancels_the_request()
    {
        await using LlmEngine engine = Given.Engine();
        using (var gate = new StepGate(engine, 3))
        {
            GenerationStream stream = engine.Submit(Given.Request(prompt: 5, maxTokens: 190));
            await Given.Until(() => gate.Holds);
            await stream.DisposeAsync();
        }

        await Idle(engine);
        AssertAborted(engine, sequences: 1);
    }

    [Fact]
    public async Task Cancelling_the_reading_throws_and_cancels_the_request()
    {
        await using LlmEngine engine = Given.Engine();
        using var cancellation = new CancellationTokenSource();
        using (new StepGate(engine, 3))
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            {
                await foreach (GenerationOutput _ in engine.Submit(Given.Request(prompt: 5, maxTokens: 190)).WithCancellation(cancellation.Token)) await cancellation.CancelAsync();
            });
        }

        await Idle(engine);
        AssertAborted(engine, sequences: 1);
    }

    [Fact]
    public async Task Draining_finishes_what_was_accepted_and_refuses_what_comes()
    {
        await using LlmEngine engine = Given.Engine();
        GenerationStream accepted = engine.Submit(Given.Request(prompt: 5, maxTokens: 100));
        Task drained = engine.DrainAsync(TestContext.Current.CancellationToken);
        Assert.Throws<ObjectDisposedException>(() => engine.Submit(Given.Request(prompt: 5, maxTokens: 5)));
        await drained;
        Assert.Equal(100, (await Given.ReadAll(accepted)).Sum(output => output.TokenIds.Count));
    }

    [Fact]
    public async Task Disposing_the_engine_aborts_what_still_runs()
    {
        LlmEngine engine = Given.Engine(prepare: model => model.BeforeStep = _ => Thread.Sleep(5));
        GenerationStream running = engine.Submit(Given.Request(prompt: 5, maxTokens: 190));
        await engine.DisposeAsync();
        Assert.Equal(FinishReason.Abort, (await Given.ReadAll(running))[^1].FinishReason);
        Assert.Throws<ObjectDisposedException>(() => engine.Submit(Given.Request(prompt: 5, maxTokens: 5)));
    }

    [Fact]
    public async Task A_failed_request_throws_at_its_reader_and_only_there()
    {
        await using LlmEngine engine = Given.Engine(prepare: model => model.Bend = (tokens, row) =>
        {
            if (tokens.Length == 13) row.AsSpan().Fill(float.NaN);
        });
        Task<List<GenerationOutput>> healthy = Given.ReadAll(engine.Submit(Given.Request(prompt: 20, maxTokens: 30)));
        await Assert.ThrowsAsync<RequestFailedException>(() => Given.ReadAll(engine.Submit(Given.Request(prompt: 10, maxTokens: 30))));
        Assert.Equal(30, (await healthy).Count);
        Assert.Equal(1, engine.Metrics.FinishedWith(null).Value);
        await Idle(engine);
    }

    [Fact]
    public async Task A_request_that_can_never_fit_is_refused_with_the_numbers()
    {
        await using LlmEngine engine = Given.Engine(blocks: 60, maxModelLen: 200);
        RequestException refusal = Assert.Throws<RequestException>(() => engine.Submit(Given.Request(prompt: 41, maxTokens: 100, n: 3)));
        Assert.Equal(
            "3 sequences of up to 141 tokens need 85 blocks of 4 tokens; the KV cache has 60. Lower n or max_tokens, or start with a larger --kv-cache-memory (KvCacheMemory).", refusal.Message);
        Assert.Equal("n", refusal.Parameter);
        await Given.ReadAll(engine.Submit(Given.Request(prompt: 41, maxTokens: 100)));
    }

    [Fact]
    public async Task Without_max_tokens_the_answer_ends_where_the_sequences_fill_the_cache()
    {
        await using LlmEngine engine = Given.Engine(blocks: 60, maxModelLen: 200);
        GenerationRequest request = Given.Request(prompt: 41, maxTokens: 1, n: 3);
        List<GenerationOutput> answer = await Given.ReadAll(engine.Submit(request with { Sampling = request.Sampling with { MaxTokens = null } }));
        Assert.Equal(3 * ((10 + 50 / 3) * 4 + 1 - 41), answer.Sum(output => output.TokenIds.Count)); // 10 blocks of prompt are shared
    }

    [Fact]
    public async Task More_sequences_than_may_run_are_refused()
    {
        await using LlmEngine engine = Given.Engine(sequences: 4);
        Assert.Equal("n is 5; at most 4 sequences run at once (--max-num-seqs, MaxNumSeqs).", Assert.Throws<RequestException>(() => engine.Submit(Given.Request(prompt: 3, maxTokens: 3, n: 5))).Message);
    }

    [Theory]
    [InlineData(100, 100, null)]
    [InlineData(100, 101, "max_tokens (101) plus the prompt (100 tokens) exceeds this model's context of 200 tokens.")]
    [InlineData(200, 1, "the prompt fills this model's context of 200 tokens; no token of the answer would fit.")]
    [InlineData(201, 1, "This model's maximum context length is 200 tokens. However, your prompt contains 201 input tokens, which exceeds this limit even without any output tokens. Please reduce the length of the input prompt.")]
    public async Task Prompt_and_answer_fill_the_context_exactly_and_no_more(int prompt, int maxTokens, string? refusal)
    {
        await using LlmEngine engine = Given.Engine();
        GenerationRequest request = Given.Request(prompt, maxTokens);
        if (refusal is not null) Assert.Equal(refusal, Assert.Throws<RequestException>(() => engine.Submit(request)).Message);
        else Assert.Equal(FinishReason.Length, (await Given.ReadAll(engine.Submit(request)))[^1].FinishReason);
    }

    [Fact]
    public async Task Without_max_tokens_the_answer_ends_with_the_context()
    {
        await using LlmEngine engine = Given.Engine();
        GenerationRequest request = Given.Request(prompt: 150, maxTokens: 1);
        List<GenerationOutput> answer = await Given.ReadAll(engine.Submit(request with { Sampling = request.Sampling with { MaxTokens = null } }));
        Assert.Equal(50, answer.Sum(output => output.TokenIds.Count));
        Assert.Equal(FinishReason.Length, answer[^1].FinishReason);
    }

    [Fact]
    public async Task Empty_prompts_and_unknown_ids_are_refused()
    {
        await using LlmEngine engine = Given.Engine();
        Assert.Equal("prompt", Assert.Throws<RequestException>(() => engine.Submit(new() { Prompt = Array.Empty<int>() })).Parameter);
        Assert.Equal("prompt has token id 40; this model's ids are 0 to 39.", Assert.Throws<RequestException>(() => engine.Submit(new() { Prompt = new[] { 1, 40 } })).Message);
        Assert.Throws<RequestException>(() => engine.Submit(new() { Prompt = new[] { -1 } }));
    }

    [Fact]
    public async Task Without_a_seed_answers_differ_and_with_one_they_are_the_same()
    {
        await using LlmEngine engine = Given.Engine();
        GenerationRequest seeded = Given.Request(prompt: 5, maxTokens: 30), free = seeded with { Sampling = seeded.Sampling with { Seed = null } };
        Assert.Equal(await Ids(seeded), await Ids(seeded));
        Assert.NotEqual(await Ids(free), await Ids(free));

        async Task<string> Ids(GenerationRequest request) => string.Join(" ", (await Given.ReadAll(engine.Submit(request))).SelectMany(output => output.TokenIds));
    }

    [Fact]
    public async Task Metrics_equal_what_the_clients_saw()
    {
        await using LlmEngine engine = Given.Engine();
        GenerationRequest[] requests = [.. Enumerable.Range(1, 10).Select(i => Given.Request(prompt: i, maxTokens: 2 * i, n: 2))];
        GenerationStream[] streams = [.. requests.Select(request => engine.Submit(request))];
        foreach (GenerationStream stream in streams) await Given.ReadAll(stream);

        EngineMetrics metrics = engine.Metrics;
        Assert.Equal(55, metrics.PromptTokens.Value);
        Assert.Equal(220, metrics.GenerationTokens.Value);
        Assert.Equal(220, streams.Sum(stream => stream.CompletionTokens));
        Assert.Equal(20, metrics.FinishedWith(FinishReason.Length).Value);
        Assert.Equal(10, metrics.TimeToFirstToken.CumulativeCounts()[^1]);
        Assert.Equal(200, metrics.InterTokenLatency.CumulativeCounts()[^1]);
        Assert.Equal(20, metrics.EndToEnd.CumulativeCounts()[^1]);
        Assert.Equal(220, metrics.GenerationLength.Sum);
        Assert.Equal(metrics.All.Count, metrics.All.Select(metric => (metric.Name, metric.Label)).Distinct().Count());
        await Idle(engine);
    }

    /// <summary>Sequences that were left behind the third step, or before it.</summary>
    private static void AssertAborted(LlmEngine engine, int sequences)
    {
        Assert.Equal(sequences, engine.Metrics.FinishedWith(FinishReason.Abort).Value);
        Assert.InRange(engine.Metrics.IterationTokens.CumulativeCounts()[^1], 1, 4); // steps: the last runs while the engine is told
    }

    private static async Task Idle(LlmEngine engine)
    {
        await Given.Until(() => engine.Metrics is { RequestsRunning.Value: 0, RequestsWaiting.Value: 0, KvCacheUsage.Value: 0 });
        Assert.Equal(0, engine.Scheduler.KvCacheUsage);
    }
}
