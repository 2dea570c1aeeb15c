using Folio.Engine;
using Folio.Paging;

namespace Folio.Simulation;

/// <summary>Runs a scheduler over a cost model instead of a backend, on a virtual clock: <see cref="EngineLoop"/> without a model.</summary>
/// <remarks>There is no other source of time or chance than the workload and the seed, so the same input gives the same result to the last bit.</remarks>
internal sealed class Simulator
{
    private readonly SimulatedEngine _engine;
    private readonly BlockPool _pool;
    private readonly IScheduler _scheduler;
    private readonly BeamModel _beams;
    private readonly Dictionary<SequenceGroup, LiveRequest> _live = [];
    private readonly List<LiveRequest> _ended = [];
    private readonly SimulationResult _result = new();
    private double _now;
    private double _lastArrival;
    private long _copiedTokens; // between steps, by systems that can't share

    public Simulator(SimulatedEngine engine, ulong seed = 0)
    {
        _engine = engine;
        _pool = new BlockPool(engine.Blocks, engine.BlockSize, engine.System.PrefixCaching);
        _scheduler = engine.System.Scheduler(_pool, engine.Limits, engine.MaxModelLen, engine.Cost, OutputLength);
        _beams = new BeamModel(new Draws(Draws.Mix(seed, 2)), engine.BeamRankWeight) { Fork = engine.System.IsPaged ? (parent, child) => child.Become(parent) : null };
    }

    /// <summary>Serves the requests.</summary>
    /// <param name="until">Seconds after the last arrival at which whatever is left counts as not served.</param>
    public SimulationResult Run(Workload workload, double until = double.PositiveInfinity)
    {
        IReadOnlyList<SimulatedRequest> requests = workload.Requests;
        _lastArrival = requests.Count == 0 ? 0 : requests[^1].Arrival;
        int next = 0;
        while (_now <= _lastArrival + until)
        {
            for (; next < requests.Count && requests[next].Arrival <= _now; next++) Admit(requests[next], next);
            if (Step()) continue;
            if (next == requests.Count) break;
            _now = requests[next].Arrival;
        }

        _result.End(_now, unserved: _live.Count + requests.Count - next, _scheduler.Preemptions);
        return _result;
    }

    /// <returns>False when there was nothing to run.</returns>
    private bool Step()
    {
        StepPlan plan = _scheduler.Schedule();
        if (_scheduler.Unservable is { } unservable) throw new FolioException($"a request of {unservable.PromptLength} prompt tokens doesn't fit the KV cache of {_pool.Blocks * _pool.BlockSize}.");
        if (plan.IsEmpty) return _live.Count == 0 ? false : throw new InvalidOperationException($"{_live.Count} requests are never run");
        StepWork work = StepWork.Of(plan, _engine.BlockSize, _copiedTokens);
        double seconds = _engine.Cost.Seconds(work);
        _result.Count(work);
        if (_now <= _lastArrival)
        {
            _result.ObserveLoaded(seconds, _scheduler.Running);
            _result.Memory.Observe(plan, _pool, _scheduler, OutputLength, seconds);
        }

        _now += seconds;
        _copiedTokens = 0;
        _scheduler.Commit();
        foreach (ref readonly PlannedSample sample in plan.Samples) Say(sample.Sequence);
        StepBeams(plan);
        Answer();
        return true;
    }

    private void Admit(SimulatedRequest simulated, int number)
    {
        var request = new GenerationRequest { Prompt = simulated.Prompt(number), Sampling = new() { N = simulated.Width, UseBeamSearch = simulated.Beams && _engine.System.IsPaged, IgnoreEos = true } };
        var group = new SequenceGroup(request, _engine.MaxModelLen, [], _pool, seed: 0, new RequestOutlet());
        _live.Add(group, new(simulated, number, group));
        _scheduler.Add(group);
    }

    /// <summary>One made-up token; at the trace's length the sequence ends.</summary>
    private void Say(Sequence sequence)
    {
        LiveRequest live = _live[sequence.Group];
        sequence.Append(SimulatedRequest.Said(live.Number, sequence.Index, sequence.Length));
        if (live.LastTokens[sequence.Index] is { } before) _result.Gaps.Add(_now - before);
        live.LastTokens[sequence.Index] = _now;
        live.FirstToken ??= _now;
        if (sequence.OutputLength < live.Request.OutputTokens) return;
        _scheduler.Finish(sequence);
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

            _result.Add(new(live.Request.Arrival, live.FirstToken!.Value, _now, live.Request.PromptTokens, live.Request.OutputTokens), live.Group.CachedTokens);
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

    private int OutputLength(SequenceGroup group) => _live[group].Request.OutputTokens;

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
