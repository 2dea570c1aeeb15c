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
    private readonly Dictionary<SequenceGroup, LiveGroup> _live = [];
    private readonly List<LiveGroup> _ended = [];
    private readonly SimulationResult _result = new();
    private double _now;
    private double _lastArrival;
    private long _copiedTokens; // between steps, by systems that can't share
    private int _unanswered;    // requests that have come and not gone
    private bool _several;      // a request has more than one sequence: there is sharing to look at

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
        _several = requests.Any(request => request.Width > 1);
        int next = 0;
        while (_now <= _lastArrival + until)
        {
            for (; next < requests.Count && requests[next].Arrival <= _now; next++) Admit(requests[next], next);
            if (Step()) continue;
            if (next == requests.Count) break;
            _now = requests[next].Arrival;
        }

        _result.End(_now, unserved: _unanswered + requests.Count - next, _scheduler.Preemptions);
        return _result;
    }

    /// <returns>False when there was nothing to run.</returns>
    private bool Step()
    {
        long preemptions = _scheduler.Preemptions;
        StepPlan plan = _scheduler.Schedule();
        if (_scheduler.Unservable is { } unservable) Refuse(unservable);
        StepWork work = StepWork.Of(plan, _engine.BlockSize, _copiedTokens);
        if (plan.IsEmpty)
        {
            bool gaveWay = _scheduler.Unservable is not null || _scheduler.Preemptions > preemptions;
            if (gaveWay) _now += _engine.Cost.Seconds(work) - _engine.Cost.Seconds(default); // to be swapped out takes time
            else if (_live.Count > 0) throw new InvalidOperationException($"{_live.Count} requests are never run");
            return gaveWay;
        }

        double seconds = _engine.Cost.Seconds(work);
        _result.Count(work);
        if (_now <= _lastArrival)
        {
            _result.ObserveLoaded(seconds, _scheduler.Running);
            _result.Memory.Observe(plan, _pool, _scheduler, OutputLength, seconds);
        }

        if (_several) _result.Sharing.Observe(_scheduler, _pool);

        _now += seconds;
        _copiedTokens = 0;
        _scheduler.Commit();
        foreach (ref readonly PlannedSample sample in plan.Samples) Say(sample.Sequence);
        StepBeams(plan);
        Answer();
        return true;
    }

    /// <summary>Takes a request in. A system without sharing has nothing to gain from running samples together: each is a request of its own there. Beams must keep step.</summary>
    private void Admit(SimulatedRequest simulated, int number)
    {
        int groups = _engine.System.IsPaged || simulated.Beams ? 1 : simulated.Width, width = simulated.Width / groups;
        long most = Math.Min(_engine.MaxModelLen, SequenceGroup.LongestThatFits(simulated.PromptTokens, width, _pool.Blocks, _pool.BlockSize)); // as the engine has it where no limit is asked for
        bool tooWide = width > _engine.Limits.Sequences || (simulated.Beams && width > _engine.Limits.Tokens);
        if (tooWide || (long)simulated.PromptTokens + simulated.OutputTokens > most)
        {
            _result.Refuse();
            return;
        }

        var request = new GenerationRequest { Prompt = simulated.Prompt(number), Sampling = new() { N = width, UseBeamSearch = simulated.Beams && _engine.System.IsPaged, IgnoreEos = true } };
        var live = new LiveRequest(simulated, number, groups);
        _unanswered++;
        for (int i = 0; i < groups; i++)
        {
            var group = new SequenceGroup(request, (int)most, [], _pool, seed: 0, new RequestOutlet());
            _live.Add(group, new(live, group, firstSequence: i * width));
            if (!_scheduler.Add(group)) Refuse(group);
        }
    }

    /// <summary>Lets go of what can never run. All groups of a request are alike, so all of them are refused; the request is counted once.</summary>
    private void Refuse(SequenceGroup group)
    {
        _scheduler.Finish(group);
        _live.Remove(group, out LiveGroup? refused);
        if (--refused!.Request.Groups > 0) return;
        _unanswered--;
        _result.Refuse();
    }

    /// <summary>One made-up token; at the trace's length the sequence ends.</summary>
    private void Say(Sequence sequence)
    {
        LiveGroup group = _live[sequence.Group];
        LiveRequest live = group.Request;
        sequence.Append(SimulatedRequest.Said(live.Number, group.FirstSequence + sequence.Index, sequence.Length));
        if (group.LastTokens[sequence.Index] is { } before) _result.Gaps.Add(_now - before);
        group.LastTokens[sequence.Index] = _now;
        live.FirstToken ??= _now;
        if (sequence.OutputLength < live.Simulated.OutputTokens) return;
        _scheduler.Finish(sequence);
        if (sequence.Group.Alive == 0) _ended.Add(group);
    }

    /// <summary>Answers the requests that have left the scheduler. Whoever is part of a static batch waits for the rest of it.</summary>
    private void Answer()
    {
        for (int i = 0; i < _ended.Count;)
        {
            SequenceGroup group = _ended[i].Group;
            LiveRequest live = _ended[i].Request;
            if (group.State != GroupState.Finished)
            {
                i++;
                continue;
            }

            _live.Remove(group);
            _ended.RemoveAt(i);
            if (--live.Groups > 0) continue;
            _unanswered--;
            _result.Add(new(live.Simulated.Arrival, live.FirstToken!.Value, _now, live.Simulated.PromptTokens, live.Simulated.OutputTokens), group.CachedTokens);
        }
    }

    private void StepBeams(StepPlan plan)
    {
        foreach (ref readonly PlannedSample sample in plan.Samples)
        {
            SequenceGroup group = sample.Sequence.Group;
            if (sample.Sequence != group.Sequences[0] || group.State != GroupState.Running || !_live[group].Request.Simulated.Beams) continue;
            if (!group.Sequences.All(sequence => sequence.Computed == group.Sequences[0].Computed)) continue; // the token budget has split the group
            long tokens = _beams.Step(group.Sequences);
            if (!_engine.System.IsPaged) _copiedTokens += tokens;
        }
    }

    private int OutputLength(SequenceGroup group) => _live[group].Request.Simulated.OutputTokens;

    /// <summary>A request between its arrival and its answer.</summary>
    private sealed class LiveRequest(SimulatedRequest simulated, int number, int groups)
    {
        public SimulatedRequest Simulated => simulated;

        public int Number => number;

        /// <summary>Of its groups, those that have not ended.</summary>
        public int Groups { get; set; } = groups;

        public double? FirstToken { get; set; }
    }

    /// <summary>Those of a request's sequences that run together.</summary>
    private sealed class LiveGroup(LiveRequest request, SequenceGroup group, int firstSequence)
    {
        public LiveRequest Request => request;

        public SequenceGroup Group => group;

        public int FirstSequence => firstSequence;

        /// <summary>[sequences] when each last said something.</summary>
        public double?[] LastTokens { get; } = new double?[group.Sequences.Length];
    }
}
