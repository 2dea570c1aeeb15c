using System.Collections.Concurrent;
using System.Diagnostics;

namespace Folio.Engine.Tests;

/// <summary>What observers of requests are told.</summary>
public sealed class LifecycleTests
{
    private static readonly AsyncLocal<string?> s_context = new();

    [Fact]
    public async Task A_request_s_stations_are_told_in_order_with_their_tokens_and_times()
    {
        var told = new ConcurrentQueue<RequestEvent>();
        await using (LlmEngine engine = Given.Engine(budget: 16))
        {
            GenerationRequest request = Given.Request(prompt: 37, maxTokens: 20) with { Observer = told.Enqueue };
            Assert.Equal(20, (await Given.ReadAll(engine.Submit(request))).Count);
            Assert.Single(await Given.ReadAll(engine.Submit(request with { Sampling = request.Sampling with { MaxTokens = 1 } })));
        }

        RequestEvent[] first = [.. told.TakeWhile(happened => happened.Stage != RequestStage.Ended)], second = [.. told.Skip(first.Length + 1)];
        Assert.Equal([RequestStage.Queued, RequestStage.Admitted, RequestStage.PrefillChunk, RequestStage.PrefillChunk, RequestStage.PrefillChunk, RequestStage.FirstToken], first.Select(happened => happened.Stage));
        Assert.Equal([37, 0, 16, 16, 5, 0], first.Select(happened => happened.Tokens));
        Assert.Equal([0, 16, 32], first.Where(happened => happened.Stage == RequestStage.PrefillChunk).Select(chunk => chunk.Start));
        Assert.Equal(36, second[1].Tokens); // found in the cache
        Assert.Equal(told.Select(happened => happened.At).Order(), told.Select(happened => happened.At));

        RequestEnd end = told.ElementAt(first.Length).End!;
        Assert.Equal((37, 0, 20, FinishReason.Length), (end.PromptTokens, end.CachedTokens, end.CompletionTokens, Assert.Single(end.FinishReasons)!.Value));
        Assert.Equal((first[0].At, first[1].At, first[^1].At), (end.QueuedAt, end.AdmittedAt, end.FirstTokenAt));
        Assert.Equal((end.LastTokenAt - end.FirstTokenAt) / 19.0 / Stopwatch.Frequency, end.TimePerOutputToken!.Value.TotalSeconds, tolerance: 1e-6);
        Assert.Null(end.Failure);
        Assert.Null(second[^1].End!.TimePerOutputToken);
    }

    [Fact]
    public async Task Who_asks_for_the_end_alone_is_told_that_and_nothing_before()
    {
        var told = new ConcurrentQueue<RequestEvent>();
        await using (LlmEngine engine = Given.Engine(budget: 16)) await Given.ReadAll(engine.Submit(Given.Request(prompt: 37, maxTokens: 4) with { Observer = told.Enqueue, ObservesEndAlone = true }));
        Assert.Equal((RequestStage.Ended, 4), (Assert.Single(told).Stage, told.Single().End!.CompletionTokens));
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(100, SwapTier.Host)]
    public async Task Preemptions_are_told_with_their_reason_and_with_how_the_blocks_come_back(int hostBlocks, SwapTier? tier)
    {
        var told = new ConcurrentQueue<RequestEvent>();
        await using (LlmEngine engine = Given.Engine(blocks: 20, options: plain => plain with { GrowthTokens = 0, PreemptionMode = PreemptionMode.Swap }, swap: new(hostBlocks, 0)))
        {
            GenerationStream[] streams;
            using (var still = new Standstill(engine)) streams = [.. Enumerable.Range(0, 4).Select(_ => engine.Submit(Given.Request(prompt: 10, maxTokens: 50) with { Observer = told.Enqueue }))];
            await Task.WhenAll(streams.Select(Given.ReadAll));
            Assert.True(engine.Metrics.Preemptions.Value > 0);
            await Given.Until(() => told.Count(happened => happened.Stage == RequestStage.Ended) == 4);
            Assert.Equal(engine.Metrics.Preemptions.Value, told.Count(happened => happened.Stage == RequestStage.Preempted));
        }

        RequestEvent[] preempted = [.. told.Where(happened => happened.Stage == RequestStage.Preempted)];
        Assert.All(preempted, happened => Assert.Equal((tier, true), (happened.Tier, happened.Reason is not null && happened.Tokens > 0)));
        Assert.Equal(preempted.Length, told.Count(happened => happened.Stage == RequestStage.Resumed && happened.Tier == tier));
        Assert.Equal(preempted.Length, told.Sum(happened => happened.End?.Preemptions.Count ?? 0));
    }

    [Fact]
    public async Task An_embedding_s_stations_are_told_as_an_answer_s_and_each_text_of_a_list_ends_once()
    {
        var told = new ConcurrentQueue<(int Text, RequestEvent Happened)>();
        await using (LlmEngine engine = Given.Engine(budget: 16, prepare: model => model.Bend = (tokens, row) => row[7] = tokens[0] == 13 ? float.NaN : row[7]))
        {
            await engine.EmbedAsync(Observed(0, Enumerable.Range(1, 37)));
            await Assert.ThrowsAsync<RequestFailedException>(() => engine.EmbedAsync([Observed(1, [13, 2]), Observed(2, Enumerable.Range(0, 40))]));
            await Assert.ThrowsAsync<RequestException>(() => engine.EmbedAsync([Observed(3, [5, 6]), Observed(4, [-1])]));
        }

        RequestEvent[] first = Of(0);
        Assert.Equal([RequestStage.Queued, RequestStage.Admitted, RequestStage.PrefillChunk, RequestStage.PrefillChunk, RequestStage.PrefillChunk, RequestStage.Ended], first.Select(happened => happened.Stage));
        Assert.Equal([0, 16, 32], first.Where(happened => happened.Stage == RequestStage.PrefillChunk).Select(chunk => chunk.Start));
        RequestEnd end = EndOf(0);
        Assert.Equal((37, 0, FinishReason.Stop, null), (end.PromptTokens, end.CompletionTokens, Assert.Single(end.FinishReasons)!.Value, end.Failure));
        Assert.Equal((first[0].At, first[1].At, 0L), (end.QueuedAt, end.AdmittedAt, end.FirstTokenAt));
        Assert.IsType<RequestFailedException>(EndOf(1).Failure);
        Assert.Equal((FinishReason.Abort, null), (Assert.Single(EndOf(2).FinishReasons)!.Value, EndOf(2).Failure)); // given up with the one before it
        Assert.All([3, 4], text => Assert.Equal((true, 0L), (EndOf(text).Failure is RequestException, EndOf(text).QueuedAt)));

        EmbeddingRequest Observed(int text, IEnumerable<int> ids) => new() { Prompt = ids.ToArray(), Observer = happened => told.Enqueue((text, happened)) };
        RequestEvent[] Of(int text) => [.. told.Where(one => one.Text == text).Select(one => one.Happened)];
        RequestEnd EndOf(int text) => Of(text).Single(happened => happened.Stage == RequestStage.Ended).End!;
    }

    [Fact]
    public async Task A_request_that_is_cancelled_or_fails_ends_with_why()
    {
        var told = new ConcurrentQueue<RequestEvent>();
        using var left = new ManualResetEventSlim(); // the engine doesn't run on to the request's own end before it hears
        await using LlmEngine engine = Given.Engine(prepare: model => model.Bend = (tokens, row) =>
        {
            if (tokens.Length == 12) row.AsSpan().Fill(float.NaN);
            if (tokens.Length == 30) left.Wait(TimeSpan.FromSeconds(60));
        });
        using var leave = new CancellationTokenSource();
        GenerationRequest cancelled = Given.Request(prompt: 20, maxTokens: 150, n: 2) with { Observer = told.Enqueue };
        await foreach (GenerationOutput _ in engine.Submit(cancelled, leave.Token))
        {
            await leave.CancelAsync();
            left.Set();
        }

        await Given.Until(() => told.Any(happened => happened.Stage == RequestStage.Ended));
        Assert.Equal([FinishReason.Abort, FinishReason.Abort], told.Last().End!.FinishReasons);

        await Assert.ThrowsAsync<RequestFailedException>(() => Given.ReadAll(engine.Submit(Given.Request(prompt: 9, maxTokens: 20) with { Observer = told.Enqueue })));
        await Given.Until(() => told.Count(happened => happened.Stage == RequestStage.Ended) == 2);
        Assert.Null(Assert.Single(told.Last().End!.FinishReasons));
        Assert.IsType<RequestFailedException>(told.Last().End!.Failure);
    }

    [Fact]
    public async Task An_observer_that_throws_harms_no_request_and_is_told_of()
    {
        var warnings = new ConcurrentQueue<string>();
        await using (LlmEngine engine = Given.Engine(options: plain => plain with { Warning = warnings.Enqueue }))
        {
            Assert.Equal(5, (await Given.ReadAll(engine.Submit(Given.Request(prompt: 9, maxTokens: 5) with { Observer = _ => throw new FolioException("a defect") }))).Count);
        }

        Assert.Contains("an observer of requests failed: a defect", warnings);
    }

    [Fact]
    public async Task Who_reads_after_the_engine_has_ended_is_told_the_end_all_the_same()
    {
        var told = new ConcurrentQueue<RequestEvent>();
        LlmEngine engine = Given.Engine();
        GenerationStream stream = engine.Submit(Given.Request(prompt: 9, maxTokens: 150) with { Observer = told.Enqueue });
        await engine.DisposeAsync();
        Assert.DoesNotContain(told, happened => happened.Stage == RequestStage.Ended);
        await stream.DisposeAsync();
        Assert.Equal(RequestStage.Ended, told.Last().Stage);
    }

    [Fact]
    public async Task No_observer_runs_in_the_context_of_whoever_was_observed_first()
    {
        var told = new ConcurrentQueue<(string? Context, Activity? Activity)>();
        using (var feed = new LifecycleFeed(new Counter("dropped", "Dropped."), null))
        {
            await Task.Run(() =>
            {
                s_context.Value = "the first request's";
                using Activity activity = new Activity("the first request").Start();
                feed.Enter();
            });
            feed.Enter();
            for (int i = 0; i < 2; i++) feed.Post(_ => told.Enqueue((s_context.Value, Activity.Current)), new(RequestStage.Ended, 0));
            await Given.Until(() => told.Count == 2);
        }

        Assert.All(told, seen => Assert.Equal((null, null), seen));
    }

    [Fact]
    public void An_observer_that_never_returns_doesn_t_keep_the_engine_from_ending()
    {
        var warnings = new ConcurrentQueue<string>();
        using var stuck = new ManualResetEventSlim();
        var feed = new LifecycleFeed(new Counter("dropped", "Dropped."), warnings.Enqueue) { Patience = TimeSpan.FromMilliseconds(100) };
        feed.Enter();
        feed.Post(_ => stuck.Wait(), new(RequestStage.Ended, 0));
        feed.Dispose();
        Assert.Equal("an observer of requests has not returned for 0.1 s; what it was still to be told may be lost.", Assert.Single(warnings));
        stuck.Set();
    }

    [Fact]
    public void Observers_that_are_too_slow_miss_events_but_no_end()
    {
        var dropped = new Counter("dropped", "Dropped.");
        using var stuck = new ManualResetEventSlim();
        int told = 0, ended = 0;
        using (var feed = new LifecycleFeed(dropped, null))
        {
            feed.Enter();
            for (int i = 0; i < 70_000; i++) feed.Post(Observe, new(RequestStage.PrefillChunk, i));
            feed.Post(Observe, new(RequestStage.Ended, 0));
            Assert.InRange(dropped.Value, 4_000, 5_000);
            stuck.Set();
        }

        Assert.Equal(70_000, told + dropped.Value);
        Assert.Equal(1, ended);

        void Observe(RequestEvent happened)
        {
            stuck.Wait();
            if (happened.Stage == RequestStage.Ended) ended++;
            else told++;
        }
    }
}
