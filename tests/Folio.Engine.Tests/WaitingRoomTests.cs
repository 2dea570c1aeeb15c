namespace Folio.Engine.Tests;

/// <summary>How many may wait, and when a place is free again (B23).</summary>
public sealed class WaitingRoomTests
{
    [Fact]
    public async Task A_full_queue_refuses_one_more_with_the_numbers_and_serves_those_it_has()
    {
        using var gate = new SemaphoreSlim(0);
        await using LlmEngine engine = Held(gate, options => options with { MaxWaitingRequests = 2 });
        GenerationStream running = await Running(engine);
        GenerationStream[] waiting = [engine.Submit(Short()), engine.Submit(Short())];
        Assert.Equal("2 requests wait already, as many as may (--max-waiting-requests, MaxWaitingRequests); try again later.", Assert.Throws<QueueFullException>(() => engine.Submit(Short())).Message);
        gate.Release(1000);
        foreach (GenerationStream stream in (GenerationStream[])[running, .. waiting]) Assert.Equal(3, (await Given.ReadAll(stream)).Count);
        Assert.Equal(3, (await Given.ReadAll(engine.Submit(Short()))).Count); // admission has freed the places
    }

    [Fact]
    public async Task Prompt_tokens_are_counted_too_but_one_request_may_always_wait()
    {
        using var gate = new SemaphoreSlim(0);
        await using LlmEngine engine = Held(gate, options => options with { MaxWaitingTokens = 20 });
        GenerationStream running = await Running(engine);
        GenerationStream large = engine.Submit(Given.Request(prompt: 50, maxTokens: 3));
        Assert.Equal(
            "requests of 50 prompt tokens wait already; with 5 more there would be more than 20 (--max-waiting-tokens, MaxWaitingTokens); try again later.",
            Assert.Throws<QueueFullException>(() => engine.Submit(Short())).Message);
        gate.Release(1000);
        await Given.ReadAll(running);
        await Given.ReadAll(large);
    }

    [Fact]
    public async Task Whoever_gives_up_while_waiting_leaves_its_place()
    {
        using var gate = new SemaphoreSlim(0);
        await using LlmEngine engine = Held(gate, options => options with { MaxWaitingRequests = 1 });
        GenerationStream running = await Running(engine), waiting = engine.Submit(Short());
        Assert.Throws<QueueFullException>(() => engine.Submit(Short()));
        await waiting.DisposeAsync();
        gate.Release(); // one step, after which the loop hears of it
        GenerationStream? next = null;
        await Given.Until(() => (next ??= TrySubmit(engine)) is not null);
        gate.Release(1000);
        Assert.Equal(3, (await Given.ReadAll(running)).Count);
        Assert.Equal(3, (await Given.ReadAll(next!)).Count);
    }

    [Fact]
    public async Task A_prefix_to_be_pinned_takes_a_place_until_its_turn_and_is_refused_where_there_is_none()
    {
        using var gate = new SemaphoreSlim(0);
        await using LlmEngine engine = Held(gate, options => options with { MaxWaitingRequests = 1 });
        GenerationStream running = await Running(engine);
        using var leave = new CancellationTokenSource();
        Task<PinnedPrefix> gaveUp = engine.PinAsync(new int[8], "first", leave.Token), refused = engine.PinAsync(new int[8], "second");
        gate.Release(); // one step, after which the loop hears of them
        await Assert.ThrowsAsync<QueueFullException>(() => refused);
        Assert.Throws<QueueFullException>(() => engine.Submit(Short()));
        await leave.CancelAsync();
        gate.Release(1000);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gaveUp);
        Assert.Equal(new PinnedPrefix("third", 8), await engine.PinAsync(new int[8], "third"));
        Assert.Single(engine.PinnedPrefixes);
        await Given.ReadAll(running);
        Assert.Equal(3, (await Given.ReadAll(engine.Submit(Short()))).Count);
    }

    [Fact]
    public async Task The_preempted_take_no_place()
    {
        using var gate = new SemaphoreSlim(0); // nobody takes a step before both are there
        await using LlmEngine engine = Given.Engine(
            blocks: 12, prepare: model => model.BeforeStep = _ => gate.Wait(TimeSpan.FromSeconds(30)), options: options => options with { MaxWaitingRequests = 2, GrowthTokens = 0 });
        GenerationStream[] streams = [engine.Submit(Given.Request(prompt: 15, maxTokens: 20)), engine.Submit(Given.Request(prompt: 15, maxTokens: 20))];
        gate.Release(1000);
        foreach (GenerationStream stream in streams) await Given.ReadAll(stream);
        Assert.True(engine.Metrics.Preemptions.Value > 0);
        GenerationStream[] more = [engine.Submit(Short()), engine.Submit(Short())];
        foreach (GenerationStream stream in more) Assert.Equal(3, (await Given.ReadAll(stream)).Count);
    }

    private static GenerationRequest Short() => Given.Request(prompt: 5, maxTokens: 3);

    /// <summary>One sequence at a time, and a step only when the gate lets it.</summary>
    private static LlmEngine Held(SemaphoreSlim gate, Func<EngineOptions, EngineOptions> options) =>
        Given.Engine(sequences: 1, prepare: model => model.BeforeStep = _ => gate.Wait(TimeSpan.FromSeconds(30)), options: options);

    private static async Task<GenerationStream> Running(LlmEngine engine)
    {
        GenerationStream stream = engine.Submit(Short());
        await Given.Until(() => engine.Metrics.RequestsRunning.Value == 1);
        return stream;
    }

    private static GenerationStream? TrySubmit(LlmEngine engine)
    {
        try
        {
            return engine.Submit(Short());
        }
        catch (QueueFullException)
        {
            return null;
        }
    }
}
