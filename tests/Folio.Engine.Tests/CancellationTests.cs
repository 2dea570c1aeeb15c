using Folio.Compute;

namespace Folio.Engine.Tests;

public sealed class CancellationTests
{
    [Fact]
    public void A_request_can_be_cancelled_while_it_waits()
    {
        var engine = new StubEngine(sequences: 1);
        engine.Submit(prompt: 5, maxTokens: 20);
        SequenceGroup waiting = engine.Submit(prompt: 5, maxTokens: 20);
        engine.Run(1);
        Cancel(engine, waiting);
    }

    [Fact]
    public void A_request_can_be_cancelled_before_the_loop_has_seen_it()
    {
        var engine = new StubEngine();
        SequenceGroup group = engine.Submit(prompt: 5, maxTokens: 20);
        engine.Cancel(group);
        Assert.False(engine.Step());
        Assert.Equal([group], engine.Ended);
    }

    [Fact]
    public void A_request_can_be_cancelled_inside_its_prompt()
    {
        var engine = new StubEngine(budget: 4);
        SequenceGroup group = engine.Submit(prompt: 20, maxTokens: 5, n: 3);
        engine.Run(2);
        Assert.Equal(8, group.Sequences[0].Computed);
        Cancel(engine, group);
    }

    [Fact]
    public void A_request_can_be_cancelled_while_it_decodes()
    {
        var engine = new StubEngine();
        SequenceGroup group = engine.Submit(prompt: 9, maxTokens: 30, n: 3);
        engine.Run(4);
        Cancel(engine, group);
        Assert.EndsWith("-1 Abort ", StubEngine.Answer(group));
    }

    [Fact]
    public void A_request_can_be_cancelled_while_it_is_preempted()
    {
        var engine = new StubEngine(blocks: 20, blockSize: 4);
        SequenceGroup old = engine.Submit(prompt: 10, maxTokens: 30), young = engine.Submit(prompt: 10, maxTokens: 16, n: 3);
        while (young.Preemptions == 0) engine.Run(1);
        Assert.Equal(GroupState.Preempted, young.State);
        Cancel(engine, young);
        Assert.Equal(30, old.Sequences[0].OutputLength);
    }

    [Fact]
    public void A_request_can_be_cancelled_while_its_step_is_in_flight()
    {
        var engine = new StubEngine();
        SequenceGroup group = engine.Submit(prompt: 9, maxTokens: 30);
        engine.Run(1);
        bool cancelled = false;
        engine.Model.BeforeStep = _ =>
        {
            if (!cancelled) engine.Cancel(group);
            cancelled = true;
        };
        engine.Step();
        engine.Step();
        Assert.Equal(GroupState.Finished, group.State);
        Assert.Equal(engine.Pool.Blocks, engine.Pool.Free);
    }

    [Fact]
    public void Stopping_one_sequence_frees_its_blocks_and_leaves_its_siblings()
    {
        GenerationRequest request = Given.Request(prompt: 9, maxTokens: 20, n: 3, seed: 5);
        var calm = new StubEngine();
        SequenceGroup expected = calm.Submit(request);
        calm.RunToEnd();

        var engine = new StubEngine();
        SequenceGroup group = engine.Submit(request);
        engine.Run(5);
        int used = engine.Pool.Used;
        engine.StopSequence(group, 0);
        engine.Run(1);
        Assert.True(engine.Pool.Used < used);
        engine.RunToEnd();
        Assert.Equal(expected.Sequences[1].Output.ToArray(), group.Sequences[1].Output.ToArray());
        Assert.Equal(expected.Sequences[2].Output.ToArray(), group.Sequences[2].Output.ToArray());
    }

    [Fact]
    public void A_request_whose_logits_are_no_numbers_fails_alone()
    {
        var engine = new StubEngine();
        SequenceGroup sick = engine.Submit(prompt: 9, maxTokens: 20, n: 2), healthy = engine.Submit(prompt: 9, maxTokens: 20);
        int[] prompt = sick.Sequences[0].Tokens(0, 9).ToArray();
        engine.Model.Bend = (tokens, row) =>
        {
            if (tokens.Length == 12 && tokens.AsSpan().StartsWith(prompt)) row.AsSpan().Fill(float.NaN);
        };
        engine.RunToEnd();
        Assert.Equal(20, healthy.Sequences[0].OutputLength);
        Assert.IsType<RequestFailedException>(Failure(sick));
        Assert.Null(Failure(healthy));
    }

    [Fact]
    public void A_step_that_fails_ends_its_requests_and_the_engine_goes_on()
    {
        var engine = new StubEngine(sequences: 1);
        SequenceGroup first = engine.Submit(prompt: 9, maxTokens: 20), second = engine.Submit(prompt: 9, maxTokens: 20);
        engine.Run(3);
        engine.Model.BeforeStep = _ =>
        {
            engine.Model.BeforeStep = null;
            throw new FolioException("the device fell off the bus");
        };
        engine.RunToEnd();
        Assert.Contains("the device fell off the bus", Failure(first)!.Message, StringComparison.Ordinal);
        Assert.Equal(20, second.Sequences[0].OutputLength);
    }

    [Fact]
    public void A_lost_backend_ends_the_engine_instead_of_failing_every_request_to_come()
    {
        var engine = new StubEngine();
        engine.Submit(prompt: 9, maxTokens: 20);
        engine.Model.BeforeStep = _ => throw new BackendLostException("the card is lost");
        Assert.Throws<BackendLostException>(engine.RunToEnd);
    }

    [Fact]
    public void A_request_whose_own_sampling_fails_fails_alone()
    {
        var engine = new StubEngine();
        GenerationRequest request = Given.Request(prompt: 9, maxTokens: 20);
        SequenceGroup sick = engine.Submit(request with { Sampling = request.Sampling with { LogitBias = new Dictionary<int, float> { [1000] = 1 } } });
        SequenceGroup healthy = engine.Submit(prompt: 9, maxTokens: 20);
        engine.RunToEnd();
        Assert.Equal(20, healthy.Sequences[0].OutputLength);
        Assert.IsType<RequestFailedException>(Failure(sick));
        Assert.Null(Failure(healthy));
    }

    [Fact]
    public void A_loop_that_ends_by_a_defect_tells_which()
    {
        var limits = StepLimits.For(new() { MaxNumBatchedTokens = 64, MaxNumSeqs = 4 });
        var pool = new Paging.BlockPool(20, 4);
        var model = new StubModel(20, 4);
        var inbox = new RequestInbox();
        var metrics = new EngineMetrics(50);
        var costs = StepCosts.For(bytesPerBlock: 16);
        var scheduler = new Scheduler(pool, limits, 50, new(), costs, metrics);
        var loop = new EngineLoop(inbox, scheduler, model, new Sampler(model, limits), costs, metrics) { GroupEnded = _ => throw new FolioException("a defect") };
        inbox.Post(new(MessageKind.Submit, new SequenceGroup(Given.Request(prompt: 3, maxTokens: 2), 5, [0], pool, 1, new RequestOutlet()), 0));
        Assert.Null(loop.Failure);
        loop.Run();
        Assert.Equal("a defect", loop.Failure!.Message);
        Assert.True(inbox.Closed);
    }

    private static void Cancel(StubEngine engine, SequenceGroup group)
    {
        engine.Cancel(group);
        engine.Step();
        Assert.Equal(GroupState.Finished, group.State);
        Assert.All(group.Sequences, sequence => Assert.Equal(0, sequence.Computed));
        Assert.Contains(group, engine.Ended);
        engine.RunToEnd();
    }

    private static Exception? Failure(SequenceGroup group)
    {
        while (group.Outlet.Events.TryRead(out _)) { }
        return group.Outlet.Events.Completion.Exception?.InnerException;
    }
}
