namespace Folio.Engine.Tests;

/// <summary>Whatever a request is doing, within one step of its cancellation it holds nothing: no block, no slot of a swap tier, no place (S14, B19).</summary>
public sealed class AbortInEveryStateTests
{
    private const int Blocks = 20;

    public static TheoryData<Kind, bool> KindsInBothForms => new(from kind in Enum.GetValues<Kind>() from overlapped in (bool[])[false, true] select (kind, overlapped));

    [Theory]
    [MemberData(nameof(KindsInBothForms))]
    public void While_it_waits_reads_its_prompt_or_decodes(Kind kind, bool overlapped)
    {
        for (int steps = 0; steps < 12; steps++)
        {
            var engine = new StubEngine(Blocks, budget: 8, overlapped: overlapped);
            SequenceGroup beside = engine.Submit(prompt: 6, maxTokens: 30), group = engine.Submit(Request(kind));
            engine.Run(steps);
            Cancel(engine, group);
            Assert.Equal(30, beside.OutputLength(0));
        }
    }

    [Theory]
    [InlineData(Kind.Sample, PreemptionMode.Recompute, 0, 0)]
    [InlineData(Kind.Samples, PreemptionMode.Recompute, 0, 0)]
    [InlineData(Kind.Beams, PreemptionMode.Recompute, 0, 0)]
    [InlineData(Kind.Sample, PreemptionMode.Swap, 60, 0)]
    [InlineData(Kind.Samples, PreemptionMode.Swap, 60, 0)]
    [InlineData(Kind.BestOf, PreemptionMode.Swap, 60, 0)]
    [InlineData(Kind.Beams, PreemptionMode.Swap, 60, 0)]
    [InlineData(Kind.Samples, PreemptionMode.Swap, 0, 60)]
    [InlineData(Kind.Beams, PreemptionMode.Swap, 0, 60)]
    public void While_it_is_preempted_and_after_it_came_back(Kind kind, PreemptionMode mode, int hostBlocks, int diskBlocks)
    {
        foreach (int stepsAfter in (int[])[0, 1, 25])
        {
            var engine = new StubEngine(Blocks, settings: new() { Preemption = mode, HostBlocks = hostBlocks, DiskBlocks = diskBlocks, GrowthTokens = 0, ResumeTokens = 0 });
            SequenceGroup[] beside = [.. Enumerable.Range(0, 2).Select(_ => engine.Submit(prompt: 15, maxTokens: 26))];
            SequenceGroup group = engine.Submit(Request(kind));
            while (group.Preemptions == 0) engine.Run(1);
            SwapTier? expected = hostBlocks > 0 ? SwapTier.Host : diskBlocks > 0 ? SwapTier.Disk : null;
            Assert.Equal(expected, group.Tier);
            for (int step = 0; step < stepsAfter && group.State != GroupState.Finished; step++) engine.Run(1);
            if (group.State == GroupState.Finished) continue;
            Cancel(engine, group);
            Assert.Equal(0, engine.Scheduler.Swapped);
            Assert.All(beside, other => Assert.Equal(26, other.OutputLength(0)));
        }
    }

    [Theory]
    [MemberData(nameof(KindsInBothForms))]
    public void While_its_step_is_in_flight(Kind kind, bool overlapped)
    {
        for (int step = 0; step < 8; step++)
        {
            var engine = new StubEngine(Blocks, budget: 8, overlapped: overlapped);
            SequenceGroup group = engine.Submit(Request(kind));
            engine.Run(step);
            Action<Compute.StepBatch>? verify = engine.Launching;
            engine.Launching += _ =>
            {
                engine.Launching = verify;
                engine.Cancel(group);
            };
            engine.Step(); // in flight
            engine.Step(); // gone
            Assert.Equal((GroupState.Finished, Blocks), (group.State, engine.Pool.Free));
        }
    }

    private static void Cancel(StubEngine engine, SequenceGroup group)
    {
        engine.Cancel(group);
        engine.Step();
        Assert.Equal(GroupState.Finished, group.State);
        Assert.All(group.Sequences, sequence => Assert.True(sequence is { Finished: true, Computed: 0, Swapped: null }));
        Assert.Contains(group, engine.Ended);
        engine.RunToEnd();
    }

    private static GenerationRequest Request(Kind kind)
    {
        GenerationRequest request = Given.Request(prompt: 22, maxTokens: 12, n: kind == Kind.Sample ? 1 : 3);
        return request with
        {
            Sampling = kind switch
            {
                Kind.BestOf => request.Sampling with { N = 2, BestOf = 3 },
                Kind.Beams => request.Sampling with { UseBeamSearch = true },
                _ => request.Sampling,
            },
        };
    }

    public enum Kind
    {
        Sample,
        Samples,
        BestOf,
        Beams,
    }
}
