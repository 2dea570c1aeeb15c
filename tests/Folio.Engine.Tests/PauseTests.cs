namespace Folio.Engine.Tests;

/// <summary>A paused engine runs no step, loses nobody, and lets those go who leave.</summary>
public sealed class PauseTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_is_kept_ends_with_the_tokens_that_it_would_have_had()
    {
        GenerationRequest request = Given.Request(prompt: 9, maxTokens: 150, n: 3);
        await using LlmEngine calm = Given.Engine(), paused = Given.Engine(prepare: model => model.BeforeStep = _ => Thread.Sleep(1));
        string expected = Text(await Given.ReadAll(calm.Submit(request)));
        Task<List<GenerationOutput>> answer = Given.ReadAll(paused.Submit(request));
        for (int i = 0; i < 5; i++)
        {
            await paused.PauseAsync(PauseMode.Keep, Token);
            await Task.Delay(20, Token); // for its reader to read what there is
            long tokens = paused.Metrics.GenerationTokens.Value;
            await Task.Delay(20, Token);
            Assert.Equal((true, tokens), (paused.IsPaused, paused.Metrics.GenerationTokens.Value));
            await paused.ResumeAsync();
            await Task.Delay(10, Token);
        }

        Assert.Equal(expected, Text(await answer));
    }

    [Fact]
    public async Task Who_is_there_is_finished_and_who_comes_waits()
    {
        await using LlmEngine engine = Given.Engine(sequences: 2, prepare: model => model.BeforeStep = _ => Thread.Sleep(1));
        Task<List<GenerationOutput>>[] there = [.. Enumerable.Range(0, 4).Select(_ => Given.ReadAll(engine.Submit(Given.Request(prompt: 5, maxTokens: 50))))];
        Task pause = engine.PauseAsync(PauseMode.Wait, Token);
        await Given.Until(() => engine.IsPaused);
        Task<List<GenerationOutput>> newcomer = Given.ReadAll(engine.Submit(Given.Request(prompt: 5, maxTokens: 50)));
        await using (GenerationStream gone = engine.Submit(Given.Request(prompt: 5, maxTokens: 50)))
        {
        }

        Assert.All(await Task.WhenAll(there), answer => Assert.Equal(50, answer.Count));
        await pause.WaitAsync(Token);
        await Task.Delay(20, Token);
        Assert.False(newcomer.IsCompleted);
        await engine.ResumeAsync();
        Assert.Equal(50, (await newcomer).Count);
        await Given.Until(() => engine.InFlight == 0);
    }

    [Fact]
    public async Task Who_is_aborted_frees_its_blocks_and_what_is_pinned_stays()
    {
        await using LlmEngine engine = Given.Engine(sequences: 2);
        await engine.PinAsync(Given.Request(prompt: 8, maxTokens: 1).Prompt, "kept", Token);
        Task<List<GenerationOutput>>[] there;
        Task pause;
        using (var gate = new StepGate(engine, 3))
        {
            there = [.. Enumerable.Range(0, 4).Select(_ => Given.ReadAll(engine.Submit(Given.Request(prompt: 5, maxTokens: 150))))];
            await Given.Until(() => gate.Holds);
            pause = engine.PauseAsync(PauseMode.Abort, Token);
        }

        await pause;
        foreach (Task answer in there) await Assert.ThrowsAsync<EngineUnavailableException>(() => answer);
        Assert.Equal((0, 2), (engine.InFlight, engine.Scheduler.PinnedBlocks));
        Assert.Equal("kept", Assert.Single(engine.PinnedPrefixes).Id);
        await engine.ResumeAsync();
        Assert.Equal(5, (await Given.ReadAll(engine.Submit(Given.Request(prompt: 5, maxTokens: 5)))).Count);
    }

    [Theory]
    [InlineData(PauseMode.Keep)]
    [InlineData(PauseMode.Wait)]
    public async Task Who_leaves_while_the_engine_is_paused_holds_nothing(PauseMode mode)
    {
        await using LlmEngine engine = Given.Engine();
        if (mode == PauseMode.Keep) await engine.PauseAsync(mode, Token);
        else await engine.PauseAsync(PauseMode.Wait, Token);
        GenerationStream waiting = engine.Submit(Given.Request(prompt: 5, maxTokens: 50));
        await Given.Until(() => engine.Metrics.RequestsWaiting.Value == 1);
        await waiting.DisposeAsync();
        await Given.Until(() => engine.InFlight == 0 && engine.Metrics.RequestsWaiting.Value == 0);
        await engine.ResumeAsync();
        Assert.Equal(5, (await Given.ReadAll(engine.Submit(Given.Request(prompt: 5, maxTokens: 5)))).Count);
    }

    [Fact]
    public async Task A_paused_engine_can_be_disposed_of()
    {
        LlmEngine engine = Given.Engine();
        await engine.PauseAsync(PauseMode.Keep, Token);
        GenerationStream waiting = engine.Submit(Given.Request(prompt: 5, maxTokens: 50));
        await engine.DisposeAsync();
        Assert.Equal(FinishReason.Abort, (await Given.ReadAll(waiting))[^1].FinishReason);
    }

    private static string Text(IEnumerable<GenerationOutput> outputs) => string.Join("; ", outputs.GroupBy(output => output.Index).OrderBy(group => group.Key).Select(group => string.Join(" ", group.SelectMany(output => output.TokenIds))));
}
