namespace Folio.Engine.Tests;

/// <summary>The disk is full, the host's memory is gone: who suffers, and who doesn't.</summary>
public sealed class SwapFailureTests
{
    [Fact]
    public void A_swap_that_fails_ends_nobody_and_whoever_was_moving_is_computed_again()
    {
        var engine = new StubEngine(blocks: 12, settings: new() { Preemption = PreemptionMode.Swap, DiskBlocks = 100, GrowthTokens = 0, ResumeTokens = 0 });
        GenerationRequest request = Given.Request(prompt: 15, maxTokens: 16);
        var calm = new StubEngine();
        SequenceGroup expected = calm.Submit(request);
        calm.RunToEnd();

        SequenceGroup old = engine.Submit(prompt: 15, maxTokens: 20), moving = engine.Submit(request), waiting = engine.Submit(prompt: 25, maxTokens: 5);
        engine.Model.SwapFailure = new FolioException("there is no space left on the disk");
        engine.RunToEnd();

        Assert.Null(engine.Model.SwapFailure); // it was thrown
        Assert.Equal(20, old.OutputLength(0));
        Assert.Equal(StubEngine.Answer(expected), StubEngine.Answer(moving));
        Assert.Equal(5, waiting.OutputLength(0));
        Assert.Equal(0, engine.Scheduler.Swapped);
    }

    [Fact]
    public void Its_places_in_the_swap_space_are_free_again()
    {
        var engine = new StubEngine(blocks: 12, settings: new() { Preemption = PreemptionMode.Swap, HostBlocks = 6, GrowthTokens = 0, ResumeTokens = 0 });
        for (int i = 0; i < 4; i++)
        {
            engine.Submit(prompt: 15, maxTokens: 20);
            SequenceGroup moving = engine.Submit(prompt: 15, maxTokens: 12);
            engine.Model.SwapFailure = new FolioException("gone");
            engine.RunToEnd();
            Assert.Equal((1, 0), (moving.Preempted.SwappedToHost, moving.Preempted.Recomputed)); // there was room each time
            Assert.Null(engine.Model.SwapFailure);
        }
    }
}
