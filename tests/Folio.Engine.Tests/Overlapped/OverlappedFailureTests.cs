using Folio.Compute;

namespace Folio.Engine.Tests;

/// <summary>What fails, hangs, rests or ends while a step is in flight.</summary>
public sealed class OverlappedFailureTests
{
    private static readonly FolioException s_failure = new("the device fell off the bus");

    [Fact]
    public void A_step_that_fails_takes_the_one_launched_behind_it_along_and_no_other()
    {
        var engine = new StubEngine(sequences: 2, overlapped: true);
        GenerationRequest twin = Given.Request(prompt: 9, maxTokens: 5);
        SequenceGroup first = engine.Submit(prompt: 9, maxTokens: 20);
        engine.Run(3);
        FailNextStep(engine);
        SequenceGroup behind = engine.Submit(twin), later = engine.Submit(twin);
        engine.Run(1);
        Assert.Equal([GroupState.Finished, GroupState.Finished, GroupState.Waiting], new[] { first, behind, later }.Select(group => group.State));
        Assert.All([first, behind], group => Assert.Contains("fell off the bus", group.Failure()!.Message));
        engine.RunToEnd();
        Assert.Equal(0, later.CachedTokens); // what the failed steps were to compute isn't found
        AssertAnswers(twin, later);
    }

    [Fact]
    public void Blocks_of_a_failed_step_are_not_found_though_their_sequence_had_left()
    {
        var engine = new StubEngine(overlapped: true);
        GenerationRequest twin = Given.Request(prompt: 20, maxTokens: 5);
        SequenceGroup left = engine.Submit(twin);
        engine.Run(1); // its prompt is in flight, and its blocks are indexed
        engine.Cancel(left);
        FailNextStep(engine);
        engine.Run(1);
        SequenceGroup again = engine.Submit(twin);
        engine.RunToEnd();
        Assert.Equal(0, again.CachedTokens);
        AssertAnswers(twin, again);
    }

    [Fact]
    public void A_launch_that_fails_leaves_the_step_before_it_alone()
    {
        var engine = new StubEngine(overlapped: true);
        GenerationRequest request = Given.Request(prompt: 9, maxTokens: 3);
        SequenceGroup ending = engine.Submit(request);
        engine.Run(3); // its last token is being drawn
        SequenceGroup failing = engine.Submit(prompt: 9, maxTokens: 20);
        Action<StepBatch>? verify = engine.Launching;
        engine.Launching = _ =>
        {
            engine.Launching = verify;
            throw s_failure;
        };
        engine.RunToEnd();
        Assert.IsType<RequestFailedException>(failing.Failure());
        AssertAnswers(request, ending);
    }

    [Fact]
    public async Task A_step_that_hangs_is_noticed_where_it_is_waited_for()
    {
        using var hang = new ManualResetEventSlim();
        List<string> warnings = [];
        await using LlmEngine engine = Given.Engine(
            prepare: model => model.BeforeStep = _ => hang.Wait(),
            options: plain => plain with { WatchdogTimeout = TimeSpan.FromMilliseconds(300), Warning = warnings.Add },
            runner: model => new LateRunner(model));
        await Assert.ThrowsAsync<EngineUnavailableException>(() => Given.ReadAll(engine.Submit(Given.Request(prompt: 5, maxTokens: 150))));
        await Given.Until(() => warnings.Count == 1);
        Assert.Contains("The loop is at: Computing", warnings[0]);
        hang.Set();
        await Given.Until(() => !engine.IsStalled);
        Assert.Equal(5, (await Given.ReadAll(engine.Submit(Given.Request(prompt: 5, maxTokens: 5)))).Count);
    }

    [Fact]
    public async Task A_prefix_is_pinned_when_it_has_been_computed()
    {
        using var hang = new ManualResetEventSlim();
        await using LlmEngine engine = Given.Engine(prepare: model => model.BeforeStep = _ => hang.Wait(), runner: model => new LateRunner(model));
        Task<PinnedPrefix> pin = engine.PinAsync(Given.Request(prompt: 8, maxTokens: 1).Prompt, cancellation: TestContext.Current.CancellationToken);
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.False(pin.IsCompleted);
        hang.Set();
        Assert.Equal(8, (await pin).Tokens);
    }

    [Fact]
    public async Task Nothing_is_in_flight_where_the_loop_rests_and_nothing_is_lost()
    {
        GenerationRequest request = Given.Request(prompt: 9, maxTokens: 150);
        LateRunner? late = null;
        await using LlmEngine calm = Given.Engine(), paused = Given.Engine(prepare: model => model.BeforeStep = _ => Thread.Sleep(1), runner: model => late = new LateRunner(model));
        int[] expected = Tokens(await Given.ReadAll(calm.Submit(request)));
        Task<List<GenerationOutput>> answer = Given.ReadAll(paused.Submit(request));
        for (int i = 0; i < 5; i++)
        {
            await paused.PauseAsync(PauseMode.Keep, TestContext.Current.CancellationToken);
            Assert.Equal(0, late!.UnderWay);
            await paused.ResumeAsync();
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        Assert.Equal(expected, Tokens(await answer));

        static int[] Tokens(List<GenerationOutput> outputs) => [.. outputs.SelectMany(output => output.TokenIds)];
    }

    [Fact]
    public async Task An_engine_with_a_step_in_flight_waits_for_it_before_it_ends()
    {
        var started = new TaskCompletionSource();
        LateRunner? late = null;
        LlmEngine engine = Given.Engine(
            prepare: model => model.BeforeStep = _ =>
            {
                started.TrySetResult();
                Thread.Sleep(1);
            },
            runner: model => late = new LateRunner(model));
        GenerationStream stream = engine.Submit(Given.Request(prompt: 5, maxTokens: 150));
        await started.Task.WaitAsync(TestContext.Current.CancellationToken);
        await engine.DisposeAsync();
        Assert.Null(engine.Failure);
        Assert.Equal(0, late!.UnderWay);
        Assert.Equal(FinishReason.Abort, (await Given.ReadAll(stream))[^1].FinishReason);
    }

    /// <summary>The next step that is computed, which may have been launched already.</summary>
    private static void FailNextStep(StubEngine engine) => engine.Model.BeforeStep = _ =>
    {
        engine.Model.BeforeStep = null;
        throw s_failure;
    };

    private static void AssertAnswers(GenerationRequest request, SequenceGroup group)
    {
        var alone = new StubEngine();
        SequenceGroup reference = alone.Submit(request);
        alone.RunToEnd();
        Assert.Equal(StubEngine.Answer(reference), StubEngine.Answer(group));
    }
}
