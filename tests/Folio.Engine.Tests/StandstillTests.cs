namespace Folio.Engine.Tests;

/// <summary>Steps that don't return, and those that fail: who waits is told, and the engine goes on when it can.</summary>
public sealed class StandstillTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(800); // a slow machine's steps take their time

    [Fact]
    public async Task Who_waits_for_a_step_that_hangs_is_failed_and_the_engine_goes_on_when_it_returns()
    {
        using var hang = new ManualResetEventSlim();
        List<string> warnings = [];
        await using LlmEngine engine = Engine(hang, warnings, out Action hangs);
        Assert.Equal(5, (await Given.ReadAll(engine.Submit(Given.Request(prompt: 5, maxTokens: 5)))).Count);
        hangs();
        GenerationStream[] stuck = [.. Enumerable.Range(0, 3).Select(i => engine.Submit(Given.Request(prompt: 5, maxTokens: 150, n: 1 + i)))];
        foreach (GenerationStream stream in stuck) Assert.Contains("stands still", (await Assert.ThrowsAsync<EngineUnavailableException>(() => Given.ReadAll(stream))).Message);
        Assert.True(engine.IsStalled);
        Assert.Throws<EngineUnavailableException>(() => engine.Submit(Given.Request(prompt: 5, maxTokens: 5)));
        await Assert.ThrowsAsync<EngineUnavailableException>(engine.ResetPrefixCacheAsync);
        await Assert.ThrowsAsync<EngineUnavailableException>(() => engine.PinAsync(new int[8]));
        await Given.Until(() => warnings.Count == 1);
        Assert.Contains("The loop is at: Computing", warnings[0]);
        Assert.Contains("5 prompt tokens", warnings[0]);

        hang.Set();
        await Given.Until(() => !engine.IsStalled);
        Assert.Equal(5, (await Given.ReadAll(engine.Submit(Given.Request(prompt: 5, maxTokens: 5)))).Count);
        await Given.Until(() => engine.Metrics is { RequestsRunning.Value: 0, RequestsWaiting.Value: 0, KvCacheUsage.Value: 0 } && engine.InFlight == 0);
        await Given.Until(() => warnings.Count == 2);
        Assert.Contains("goes on after", warnings[1]);
        Assert.Equal(6, engine.Metrics.FinishedWith(null).Value);
    }

    [Fact]
    public async Task A_pin_that_is_waited_for_in_a_step_that_hangs_fails_too_and_is_let_go_of()
    {
        using var hang = new ManualResetEventSlim();
        await using LlmEngine engine = Engine(hang, [], out Action hangs);
        hangs();
        await Assert.ThrowsAsync<EngineUnavailableException>(() => engine.PinAsync(Given.Request(prompt: 100, maxTokens: 1).Prompt));
        hang.Set();
        await Given.Until(() => !engine.IsStalled && engine.PinnedPrefixes.Count == 0);
        await Given.Until(() => engine.Metrics.KvCacheUsage.Value == 0);
    }

    [Fact]
    public async Task Texts_to_be_embedded_in_a_step_that_hangs_fail_too_and_are_let_go_of()
    {
        using var hang = new ManualResetEventSlim();
        await using LlmEngine engine = Engine(hang, [], out Action hangs);
        hangs();
        EmbeddingRequest[] texts = [.. Enumerable.Range(0, 30).Select(_ => new EmbeddingRequest { Prompt = Given.Request(prompt: 20, maxTokens: 1).Prompt })];
        await Assert.ThrowsAsync<EngineUnavailableException>(() => engine.EmbedAsync(texts));
        await Assert.ThrowsAsync<EngineUnavailableException>(() => engine.EmbedAsync(texts[0]));
        hang.Set();
        await Given.Until(() => !engine.IsStalled && engine.InFlight == 0);
        Assert.Equal(30, (await engine.EmbedAsync(texts)).Count);
        await Given.Until(() => engine.Metrics.KvCacheUsage.Value == 0);
    }

    [Fact]
    public async Task Steps_that_are_slow_but_end_are_left_alone_and_so_is_an_engine_with_nothing_to_do()
    {
        List<string> warnings = [];
        await using LlmEngine engine = Given.Engine(
            prepare: model => model.BeforeStep = _ => Thread.Sleep(Patience / 8),
            options: plain => plain with { WatchdogTimeout = Patience, Warning = warnings.Add });
        await Given.ReadAll(engine.Submit(Given.Request(prompt: 5, maxTokens: 12)));
        await Task.Delay(2 * Patience, TestContext.Current.CancellationToken);
        await engine.PauseAsync(PauseMode.Keep, TestContext.Current.CancellationToken);
        GenerationStream waiting = engine.Submit(Given.Request(prompt: 5, maxTokens: 1));
        await Task.Delay(2 * Patience, TestContext.Current.CancellationToken);
        await engine.ResumeAsync();
        await Given.ReadAll(waiting);
        Assert.Empty(warnings);
    }

    [Fact]
    public async Task An_engine_whose_step_never_returns_can_be_left()
    {
        using var hang = new ManualResetEventSlim();
        LlmEngine engine = Engine(hang, [], out Action hangs);
        hangs();
        GenerationStream stuck = engine.Submit(Given.Request(prompt: 5, maxTokens: 5));
        await Given.Until(() => engine.Metrics.RequestsRunning.Value == 1);
        await Assert.ThrowsAsync<EngineUnavailableException>(() => engine.DisposeAsync().AsTask());
        await Assert.ThrowsAsync<EngineUnavailableException>(() => Given.ReadAll(stuck));
        hang.Set();
        await engine.Ended;
    }

    [Fact]
    public async Task What_a_step_throws_is_kept_from_clients_and_told_to_the_operator()
    {
        bool throws = false;
        await using LlmEngine engine = Given.Engine(prepare: model => model.BeforeStep = _ =>
        {
            if (throws) throw new InvalidOperationException("/dev/device0 at 0x7f00");
        });
        throws = true;
        RequestFailedException failure = await Assert.ThrowsAsync<RequestFailedException>(() => Given.ReadAll(engine.Submit(Given.Request(prompt: 5, maxTokens: 5))));
        Assert.DoesNotContain("0x7f00", failure.Message);
        Assert.Contains("0x7f00", failure.InnerException!.Message);
        throws = false;
        Assert.Equal(5, (await Given.ReadAll(engine.Submit(Given.Request(prompt: 5, maxTokens: 5)))).Count);
    }

    /// <param name="hangs">From then on, steps wait for <paramref name="hang"/>.</param>
    private static LlmEngine Engine(ManualResetEventSlim hang, List<string> warnings, out Action hangs)
    {
        bool isHanging = false;
        hangs = () => isHanging = true;
        return Given.Engine(
            prepare: model => model.BeforeStep = _ =>
            {
                if (isHanging) hang.Wait();
            },
            options: plain => plain with { WatchdogTimeout = Patience, Warning = warnings.Add });
    }
}
