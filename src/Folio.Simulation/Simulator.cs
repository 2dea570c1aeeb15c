using Folio.Engine;
using Folio.Paging;

namespace Folio.Simulation;

/// <summary>Runs a scheduler over a cost model instead of a backend, on a virtual clock: <see cref="EngineLoop"/> without a model.</summary>
/// <remarks>There is no other source of time or chance than the workload and the seed, so the same input gives the same result to the last bit.</remarks>
internal sealed class Simulator
{
    private readonly SimulatedEngine _engine;
    private readonly Dictionary<SequenceGroup, LiveRequest> _live = [];
    private readonly List<LiveRequest> _ended = [];
    private readonly List<ServedRequest> _served = [];
    private readonly Histogram _gaps = new();
    private readonly MemoryUse _memory = new();
    private readonly BeamModel _beams;
    private double _now;
    private long _copiedTokens;

    public Simulator(SimulatedEngine engine, ulong seed = 0)
    {
        _engine = engine;
        _beams = new BeamModel(new Draws(Draws.Mix(seed, 2)), engine.BeamRankWeight) { Fork = engine.System.IsPaged ? Fork : null };
    }

    /// <summary>Serves all requests.</summary>
    public SimulationResult Run(Workload workload)
    {
        BlockPool pool = new(_engine.Blocks, _engine.BlockSize);
        IScheduler scheduler = _engine.System.Scheduler(pool, _engine.Limits, _engine.MaxModelLen, group => _live[group].Request.OutputTokens);
        IReadOnlyList<SimulatedRequest> requests = workload.Requests;
        double lastArrival = requests.Count == 0 ? 0 : requests[^1].Arrival, loadedSeconds = 0, running = 0;
        long steps = 0, loadedSteps = 0, sequences = 0, tokens = 0, said = 0;
        int next = 0;
        while (true)
        {
            for (; next < requests.Count && requests[next].Arrival <= _now; next++) Admit(scheduler, pool, requests[next], next);
            StepPlan plan = scheduler.Schedule();
            if (plan.IsEmpty)
            {
                if (next == requests.Count) break;
                _now = requests[next].Arrival;
                continue;
            }

            double began = _now, seconds = _engine.Cost.Seconds(StepWork.Of(plan, _engine.BlockSize) with { CopiedTokens = _copiedTokens + (long)plan.Copies.Count * _engine.BlockSize });
            _now += seconds;
            _copiedTokens = 0;
            steps++;
            tokens += plan.Batch.Tokens;
            if (began <= lastArrival)
            {
                loadedSteps++;
                loadedSeconds += seconds;
                sequences += plan.Scheduled.Length;
                running += seconds * scheduler.Running;
                _memory.Observe(plan, pool, scheduler, group => _live[group].Request.OutputTokens, seconds);
            }

            scheduler.Commit();
            said += plan.Samples.Length;
            foreach (ref readonly PlannedSample sample in plan.Samples) Say(scheduler, sample.Sequence);
            StepBeams(plan);
            Answer();
        }

        if (_live.Count > 0) throw new InvalidOperationException($"{_live.Count} requests were never served");
        return new()
        {
            Served = _served,
            Seconds = _now,
            Steps = steps,
            Preemptions = scheduler.Preemptions,
            MeanSequences = (double)sequences / Math.Max(1, loadedSteps),
            MeanRequests = running / Math.Max(double.Epsilon, loadedSeconds),
            MeanTokens = (double)tokens / Math.Max(1, steps),
            OutputTokens = said,
            Memory = _memory,
            Gaps = _gaps,
        };
    }

    private void Admit(IScheduler scheduler, BlockPool pool, SimulatedRequest simulated, int number)
    {
        var request = new GenerationRequest { Prompt = simulated.Prompt(number), Sampling = new() { N = simulated.Width, IgnoreEos = true } };
        var group = new SequenceGroup(request, _engine.MaxModelLen, [], pool, seed: 0, new RequestOutlet());
        _live.Add(group, new(simulated, number, group));
        scheduler.Add(group);
    }

    /// <summary>One made-up token; at the trace's length the sequence ends.</summary>
    private void Say(IScheduler scheduler, Sequence sequence)
    {
        LiveRequest live = _live[sequence.Group];
        sequence.Append(SimulatedRequest.Said(live.Number, sequence.Index, sequence.Length));
        if (live.LastTokens[sequence.Index] is { } before) _gaps.Add(_now - before);
        live.LastTokens[sequence.Index] = _now;
        live.FirstToken ??= _now;
        if (sequence.OutputLength < live.Request.OutputTokens) return;
        scheduler.Finish(sequence);
        if (sequence.Group.Alive == 0) _ended.Add(live);
    }

    /// <summary>Answers the requests that have left the scheduler. Whoever is part of a static batch waits for the rest of it.</summary>
    private void Answer()
    {
        for (int i = 0; i < _ended.Count;)
        {
            LiveRequest live = _ended[i];
            if (live.Group.State != GroupState.Finished)
            {
                i++;
                continue;
            }

            _served.Add(new(live.Request.Arrival, live.FirstToken!.Value, _now, live.Request.PromptTokens, live.Request.OutputTokens));
            _live.Remove(live.Group);
            _ended.RemoveAt(i);
        }
    }

    private void StepBeams(StepPlan plan)
    {
        foreach (ref readonly PlannedSample sample in plan.Samples)
        {
            SequenceGroup group = sample.Sequence.Group;
            if (sample.Sequence != group.Sequences[0] || group.State != GroupState.Running || !_live[group].Request.Beams) continue;
            if (!group.Sequences.All(sequence => sequence.Computed == group.Sequences[0].Computed)) continue; // the token budget has split the group
            long tokens = _beams.Step(group.Sequences);
            if (!_engine.System.IsPaged) _copiedTokens += tokens;
        }
    }

    private static void Fork(Sequence parent, Sequence child)
    {
        child.Table.Free();
        child.Table.ForkFrom(parent.Table);
    }

    /// <summary>A request between its arrival and its answer.</summary>
    private sealed class LiveRequest(SimulatedRequest request, int number, SequenceGroup group)
    {
        public SimulatedRequest Request => request;

        public int Number => number;

        public SequenceGroup Group => group;

        public double? FirstToken { get; set; }

        /// <summary>[sequences] when each last said something.</summary>
        public double?[] LastTokens { get; } = new double?[request.Width];
    }
}
