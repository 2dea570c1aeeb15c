using Folio.Engine;
using Folio.Paging;
using Folio.Simulation;

namespace Folio.Paper.Real;

/// <summary>Some requests served by the engine's own loop, step by step on this thread.</summary>
internal sealed class RealRun(BlockPool pool)
{
    private readonly RequestInbox _inbox = new();
    private readonly List<SequenceGroup> _groups = [];

    /// <summary>Every step, with its processor time.</summary>
    public List<MeasuredStep> Steps { get; } = [];

    public SharingUse Sharing { get; } = new();

    /// <summary>[requests][tokens] what the first sequence of each has said.</summary>
    public int[][] Outputs => [.. _groups.Select(group => group.Sequences[0].Output.ToArray())];

    public SequenceGroup Submit(GenerationRequest request)
    {
        int most = request.Prompt.Length + request.Sampling.MaxTokens!.Value;
        var group = new SequenceGroup(request, most, [], pool, (ulong)(request.Sampling.Seed ?? 0), new RequestOutlet());
        _groups.Add(group);
        _inbox.Post(new(MessageKind.Submit, group, 0));
        return group;
    }

    /// <summary>Steps until nothing is left to run.</summary>
    /// <param name="model">Who computes.</param>
    /// <param name="scheduler">Who decides what.</param>
    /// <param name="shape">Limits of a step.</param>
    /// <param name="stops">Whether a group's sequence is to be stopped now, as whoever reads a stop string would have it.</param>
    public void ToEnd(IModelRunner model, IScheduler scheduler, SimulatedEngine shape, Predicate<SequenceGroup> stops)
    {
        using var runner = new ObservedRunner(model, executing: () => Sharing.Observe(scheduler, pool));
        var loop = new EngineLoop(_inbox, scheduler, runner, new Sampler(runner, shape.Limits), StepCosts.For(model.BytesPerBlock), new EngineMetrics(shape.MaxModelLen));
        double start = ThreadClock.Seconds;
        while (true)
        {
            runner.Work = default;
            if (!loop.Step()) break;
            if (runner.Work.Tokens == 0) continue; // somebody gave way and nobody ran: that time is the next step's
            Steps.Add(new(runner.Work, ThreadClock.Seconds - start));
            foreach (SequenceGroup group in _groups)
            {
                if (group.State == GroupState.Running && stops(group)) _inbox.Post(new(MessageKind.StopSequence, group, 0));
            }

            start = ThreadClock.Seconds;
        }
    }
}
