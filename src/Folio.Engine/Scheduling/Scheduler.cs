using Folio.Paging;

namespace Folio.Engine;

/// <summary>Decides who runs in a step, how many tokens each, and in which blocks. One thread owns it.</summary>
/// <remarks>
/// Those that run go on in the policy's order, then preempted groups come back, then newcomers are admitted; the first that doesn't fit stops admission. Prefill, chunks
/// of it and decodes share the token budget: decodes first, then each prompt leaves half of what is left to those behind it, so a long one never blocks short ones.
/// Blocks are taken on demand; a prompt takes those that the prefix cache has. When they run out, the last group in the policy's order is preempted as a whole
/// (PagedAttention paper, §4.5): swapped out, or freed and computed again.
/// Progress: the first running group can preempt all others, and a group that would not fit alone is refused or failed.
/// </remarks>
internal sealed partial class Scheduler : IScheduler
{
    /// <summary>The share of the pool that admission leaves free at least, so that those that run can grow before somebody must be preempted.</summary>
    private const double Watermark = 0.01;

    private readonly BlockPool _pool;
    private readonly SchedulerSettings _settings;
    private readonly ISchedulingPolicy _policy;
    private readonly SwapTables _swap;
    private readonly StepCosts _costs;
    private readonly EngineMetrics _metrics;
    private readonly PrefixLoader? _stored;
    private StepPlan _plan;           // the present one
    private StepPlan _planBefore;     // its step may be under way
    private readonly int _maxSequences;
    private readonly int _watermarkBlocks;
    private readonly GroupQueue _running = new();
    private readonly GroupQueue _preempted = new();
    private readonly GroupQueue _pinned = new();
    private readonly List<SequenceGroup> _moved = []; // swapped out or in by the present plan
    private long _arrivals;

    /// <param name="pool">The blocks of the KV cache.</param>
    /// <param name="limits">Tokens, sequences and logit rows of a step at most.</param>
    /// <param name="maxModelLen">Tokens of the longest sequence.</param>
    /// <param name="settings">Policy, preemption, swap space.</param>
    /// <param name="costs">What recomputing and swapping cost.</param>
    /// <param name="metrics">Where preemptions and cache hits are counted.</param>
    /// <param name="stored">Prefixes on disk; null: none.</param>
    public Scheduler(BlockPool pool, StepLimits limits, int maxModelLen, SchedulerSettings settings, StepCosts costs, EngineMetrics metrics, PrefixLoader? stored = null)
    {
        (_pool, _settings, _costs, _metrics, _stored) = (pool, settings, costs, metrics, stored);
        _policy = ISchedulingPolicy.For(settings.Policy);
        _swap = new SwapTables(pool.Blocks, pool.BlockSize, settings.HostBlocks, settings.DiskBlocks);
        _plan = new StepPlan(limits, pool.BlocksFor(maxModelLen), pool.BlockSize);
        _planBefore = new StepPlan(limits, pool.BlocksFor(maxModelLen), pool.BlockSize);
        _maxSequences = limits.Sequences;
        _watermarkBlocks = (int)(pool.Blocks * Watermark);
    }

    public int Running => _running.Count;

    public int Waiting => _policy.Count + _preempted.Count;

    public int Swapped { get; private set; }

    /// <summary>Sequences of the groups that run.</summary>
    public int RunningSequences { get; private set; }

    public long Preemptions { get; private set; }

    public double KvCacheUsage => (double)_pool.Used / _pool.Blocks;

    /// <summary>Blocks that pinned prefixes hold, or will.</summary>
    public int PinnedBlocks { get; private set; }

    public SequenceGroup? Unservable { get; private set; }

    public bool Add(SequenceGroup group)
    {
        if (!group.IsPin && group.BlocksAtMost(_pool) > _pool.Blocks - PinnedBlocks) // a prefix was pinned since it was accepted
        {
            Refuse(group);
            return false;
        }

        group.State = GroupState.Waiting;
        group.Arrival = ++_arrivals;
        if (group.IsPin) PinnedBlocks += _pool.BlocksFor(group.PromptLength);
        if (_pool.Prefixes is { } prefixes) group.Namespace = group.Salt is { } salt ? prefixes.Enter(salt) : PrefixIndex.Shared;
        _policy.Add(group);
        return true;
    }

    public StepPlan Schedule()
    {
        Plan();
        _plan.Build();
        return _plan;
    }

    public StepPlan? ScheduleAhead()
    {
        _ahead = true;
        Plan();
        _ahead = false;
        if (_tooEarly)
        {
            Discard();
            return null;
        }

        _plan.Build();
        return _plan;
    }

    public void Commit()
    {
        foreach (ref readonly ScheduledTokens tokens in _plan.Scheduled)
        {
            Sequence sequence = tokens.Sequence;
            SequenceGroup group = sequence.Group;
            if (group.State != GroupState.Running || sequence.Finished) continue;
            for (int forced = 1; forced < tokens.Count && tokens.AreDecoded; forced++) _policy.Served(group); // tokens of an answer like any other
            Index(sequence, merge: true);
            if (sequence.Computed < group.PromptLength) continue;
            if (group.IsPin)
            {
                Pin(group);
            }
            else if (!group.Forked)
            {
                if (group.Preemptions == 0) CountHits(group);
                Fork(group);
            }
        }

        foreach (ref readonly PlannedSample sample in _plan.Samples)
        {
            if (!sample.Sequence.Finished) _policy.Served(sample.Sequence.Group);
        }
    }

    public void Discard()
    {
        foreach (ref readonly ScheduledTokens tokens in _plan.Scheduled) CountCached(tokens.Sequence.Group, tokens.TokensBefore - tokens.Start, 0);
        _plan.TakeBack();
    }

    public void Forget(StepPlan plan)
    {
        foreach (int slot in plan.Batch.SlotMapping.AsSpan(0, plan.Batch.Tokens)) _pool.Prefixes?.Remove(slot / _pool.BlockSize);
    }

    public void LoseMoved()
    {
        foreach (SequenceGroup group in _moved)
        {
            foreach (Sequence sequence in group.Sequences) sequence.FreeBlocks();
            if (group.Tier is not null) Swapped--;
            group.Tier = null;
            group.Forked = false;
        }
    }

    public void Finish(Sequence sequence)
    {
        if (sequence.Finished) return;
        SequenceGroup group = sequence.Group;
        sequence.Finished = true;
        if (group.IsPin) PinnedBlocks -= _pool.BlocksFor(group.PromptLength);
        sequence.FreeBlocks();
        group.Alive--;
        if (group.State == GroupState.Running) RunningSequences--;
        if (group.Alive == 0) Leave(group);
    }

    public void Finish(SequenceGroup group)
    {
        foreach (Sequence sequence in group.Sequences) Finish(sequence);
    }

    /// <summary>Whether the group's prefix may be kept: whoever is here already must still fit beside all that is pinned, and half of the pool stays free to move.</summary>
    /// <param name="pin">The newcomer.</param>
    /// <param name="insteadOf">A pinned group that is let go of when this one comes.</param>
    public bool MayPin(SequenceGroup pin, SequenceGroup? insteadOf = null)
    {
        long left = _pool.Blocks - PinnedBlocks - _pool.BlocksFor(pin.PromptLength) + _pool.BlocksFor(insteadOf?.PromptLength ?? 0);
        return left >= _pool.Blocks / 2 && Groups().All(group => group.IsPin || group.BlocksAtMost(_pool) <= left);
    }

    /// <summary>Forgets all cached prefixes that are neither pinned nor being computed for a pin.</summary>
    /// <remarks>
    /// What was everybody's is so again, and first: several pins may hold such blocks and go on in namespaces of their own, and each is found only if the block it follows is.
    /// A pin that holds its own copy of everybody's block takes that one instead.
    /// </remarks>
    public void ResetPrefixCache()
    {
        (Sequence Leader, int Shared)[] pins = [.. Groups().Where(group => group.IsPin).Select(group => (group.Leader, group.Leader.Table.Shared))];
        _pool.Prefixes?.Reset();
        _stored?.Forget();
        foreach ((Sequence pin, int shared) in pins)
        {
            pin.Table.Renew();
            pin.Table.Index(pin.Tokens(0, shared * _pool.BlockSize), PrefixIndex.Shared, merge: true);
        }

        foreach ((Sequence pin, _) in pins) Index(pin, merge: true);
    }

    public IEnumerable<SequenceGroup> Groups() => [.. _running.Groups(), .. _preempted.Groups(), .. _policy.Newcomers(), .. _pinned.Groups()];

    private void Leave(SequenceGroup group)
    {
        switch (group.State)
        {
            case GroupState.Running:
                _running.Remove(group);
                _policy.Ended(group);
                break;
            case GroupState.Preempted:
                _preempted.Remove(group);
                _policy.Ended(group);
                break;
            case GroupState.Pinned:
                _pinned.Remove(group);
                break;
            default:
                _policy.Remove(group);
                LeaveWaitingRoom(group);
                break;
        }

        group.State = GroupState.Finished;
        if (group.Tier is not null) Swapped--;
        group.Tier = null;
        _pool.Prefixes?.Leave(group.Namespace);
    }

    /// <summary>The prompt is complete: the other sequences share its blocks.</summary>
    private static void Fork(SequenceGroup group)
    {
        Sequence leader = group.Leader;
        foreach (Sequence sequence in group.Sequences)
        {
            if (!sequence.Finished && sequence != leader) sequence.Table.ForkFrom(leader.Table);
        }

        group.Forked = true;
    }

    private void CountHits(SequenceGroup group)
    {
        int inMemory = group.CachedTokens - group.StoredTokens;
        _metrics.PrefixCacheQueries.Add(group.PromptLength);
        _metrics.PrefixCacheHits.Add(inMemory);
        if (_stored is null) return;
        _metrics.StoredPrefixQueries.Add(group.PromptLength - inMemory);
        _metrics.StoredPrefixHits.Add(group.StoredTokens);
    }

    private void Pin(SequenceGroup group)
    {
        _running.Remove(group);
        _policy.Ended(group);
        _pinned.AddLast(group);
        group.State = GroupState.Pinned;
        RunningSequences--;
    }

    private static void Refuse(SequenceGroup group)
    {
        foreach (Sequence sequence in group.Sequences) sequence.Finished = true;
        group.Alive = 0;
        group.State = GroupState.Finished;
        LeaveWaitingRoom(group);
    }

    private static void LeaveWaitingRoom(SequenceGroup group)
    {
        group.WaitingRoom?.Leave(group.PromptLength);
        group.WaitingRoom = null;
    }

    /// <summary>Lets others find the sequence's full blocks.</summary>
    private void Index(Sequence sequence, bool merge)
    {
        BlockTable table = sequence.Table;
        if (table.Indexed < table.Tokens / _pool.BlockSize) table.Index(sequence.Tokens(0, table.Tokens), sequence.Group.Namespace, merge);
    }
}
