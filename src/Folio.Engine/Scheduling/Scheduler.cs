using Folio.Paging;

namespace Folio.Engine;

/// <summary>Decides who runs in a step, how many tokens each, and in which blocks. One thread owns it.</summary>
/// <remarks>
/// First come, first served, strictly: those that run go on in arrival order, then those that wait are admitted in arrival order, and the first that doesn't fit
/// stops admission. Prefill, chunks of it and decodes share the token budget; as only the last admitted can still be in its prompt, a long prompt takes what
/// the decodes leave. Blocks are taken on demand. When they run out, the youngest running group is preempted as a whole (PagedAttention paper, §4.5) and put in front
/// of the waiting queue, to be recomputed.
/// Progress: the oldest running group can preempt all others, and a group that would not fit alone is never accepted.
/// </remarks>
internal sealed class Scheduler : IScheduler
{
    /// <summary>The share of the pool that admission leaves free, so that those that run can grow before somebody must be preempted.</summary>
    private const double Watermark = 0.01;

    private readonly BlockPool _pool;
    private readonly StepPlan _plan;
    private readonly int _maxSequences;
    private readonly int _watermarkBlocks;
    private readonly GroupQueue _running = new();
    private readonly GroupQueue _waiting = new();

    /// <param name="pool">The blocks of the KV cache.</param>
    /// <param name="limits">Tokens, sequences and logit rows of a step at most.</param>
    /// <param name="maxModelLen">Tokens of the longest sequence.</param>
    public Scheduler(BlockPool pool, StepLimits limits, int maxModelLen)
    {
        _pool = pool;
        _plan = new StepPlan(limits, pool.BlocksFor(maxModelLen), pool.BlockSize);
        _maxSequences = limits.Sequences;
        _watermarkBlocks = (int)(pool.Blocks * Watermark);
    }

    /// <summary>Groups that run.</summary>
    public int Running => _running.Count;

    /// <summary>Groups that wait, new or preempted.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>Sequences of the groups that run.</summary>
    public int RunningSequences { get; private set; }

    public int WaitingSequences { get; private set; }

    /// <summary>Groups preempted since the start.</summary>
    public long Preemptions { get; private set; }

    /// <summary>The share of the blocks that is in use.</summary>
    public double KvCacheUsage => (double)_pool.Used / _pool.Blocks;

    /// <summary>Takes a request in, behind all others.</summary>
    public void Add(SequenceGroup group)
    {
        group.State = GroupState.Waiting;
        WaitingSequences += group.Alive;
        _waiting.AddLast(group);
    }

    /// <summary>Plans the next step. There is one plan, filled anew by each call.</summary>
    public StepPlan Schedule()
    {
        _plan.Clear();
        long preemptionsBefore = Preemptions;
        for (SequenceGroup? group = _running.First; group is not null && _plan.TokensLeft > 0; group = group.Next)
        {
            if (!TrySchedule(group)) break; // it was the youngest itself
        }

        if (Preemptions == preemptionsBefore) Admit();
        _plan.Build();
        return _plan;
    }

    /// <summary>Notes what the planned step has computed: where a prompt is complete, its group's other sequences fork it.</summary>
    public void Commit()
    {
        foreach (ref readonly ScheduledTokens tokens in _plan.Scheduled)
        {
            SequenceGroup group = tokens.Sequence.Group;
            if (group.State == GroupState.Running && !group.Forked && tokens.Sequence.Computed >= group.PromptLength) Fork(group);
        }
    }

    /// <summary>Ends one sequence; its blocks are free at once, those that no sibling holds.</summary>
    public void Finish(Sequence sequence)
    {
        if (sequence.Finished) return;
        SequenceGroup group = sequence.Group;
        sequence.Finished = true;
        sequence.Table.Free();
        group.Alive--;
        if (group.State == GroupState.Running) RunningSequences--;
        else WaitingSequences--;
        if (group.Alive > 0) return;

        (group.State == GroupState.Running ? _running : _waiting).Remove(group);
        group.State = GroupState.Finished;
    }

    /// <summary>Ends a group in whatever state it is.</summary>
    public void Finish(SequenceGroup group)
    {
        foreach (Sequence sequence in group.Sequences) Finish(sequence);
    }

    /// <summary>All groups, those that run first.</summary>
    public IEnumerable<SequenceGroup> Groups()
    {
        for (SequenceGroup? group = _running.First; group is not null; group = group.Next) yield return group;
        for (SequenceGroup? group = _waiting.First; group is not null; group = group.Next) yield return group;
    }

    /// <summary>Throws if an invariant of blocks, queues or the present plan is broken. Tests and debug builds call it.</summary>
    public void Verify()
    {
        _pool.Verify(Groups().SelectMany(group => group.Sequences).Select(sequence => sequence.Table));
        int running = 0, waiting = 0;
        foreach (SequenceGroup group in Groups())
        {
            Require(group.Alive == group.Sequences.Count(sequence => !sequence.Finished) && group.Alive > 0, "a living group miscounts its sequences");
            Require(group.State == GroupState.Running || group.Sequences.All(sequence => sequence.Computed == 0), "a waiting group holds blocks");
            if (group.State == GroupState.Running) running += group.Alive;
            else waiting += group.Alive;
        }

        Require(running == RunningSequences && waiting == WaitingSequences, "sequences are miscounted");
        Require(running <= _maxSequences, "more sequences run than may");
    }

    /// <summary>Throws if the plan writes a slot that another sequence may read. Called before the step runs.</summary>
    public void VerifyPlan()
    {
        Require(_plan.Batch.Tokens <= _plan.Batch.MaxTokens, "the token budget is exceeded");
        foreach (ref readonly ScheduledTokens tokens in _plan.Scheduled)
        {
            for (int position = tokens.Start; position < tokens.Start + tokens.Count; position++)
            {
                int block = tokens.Sequence.Table.Blocks[position / _pool.BlockSize];
                Require(_pool.References(block) == 1, $"block {block} is shared and written");
            }
        }
    }

    /// <returns>False when the group itself had to be preempted.</returns>
    private bool TrySchedule(SequenceGroup group)
    {
        int copiesBefore = _plan.Copies.Count;
        foreach (Sequence sequence in group.Sequences)
        {
            if (!group.Runs(sequence)) continue;
            int tokens = _plan.Room(sequence);
            if (tokens == 0) continue;

            int start = sequence.Computed;
            while (!sequence.Table.TryAppend(tokens, _plan.Copies))
            {
                SequenceGroup youngest = _running.Last!;
                Preempt(youngest);
                if (youngest != group) continue;
                _plan.Withdraw(group, copiesBefore);
                return false;
            }

            _plan.Add(sequence, start, tokens);
        }

        return true;
    }

    /// <remarks>Not while an older prompt takes every row of logits: whoever was admitted behind it would hold blocks and draw no token.</remarks>
    private void Admit()
    {
        while (_waiting.First is { } group && _plan.TokensLeft > 0 && _plan.RowsLeft > 0 && RunningSequences + group.Alive <= _maxSequences && FitsNow(group))
        {
            _waiting.Remove(group);
            _running.AddLast(group);
            group.State = GroupState.Running;
            WaitingSequences -= group.Alive;
            RunningSequences += group.Alive;
            TrySchedule(group);
        }
    }

    /// <summary>Whether there are blocks for all of the group's tokens so far. With nobody running the watermark is for nobody.</summary>
    private bool FitsNow(SequenceGroup group) => group.BlocksToResume(_pool) <= _pool.Free - (_running.Count == 0 ? 0 : _watermarkBlocks);

    private void Preempt(SequenceGroup group)
    {
        foreach (Sequence sequence in group.Sequences) sequence.Table.Free();
        group.Forked = false;
        group.Preemptions++;
        group.State = GroupState.Waiting;
        RunningSequences -= group.Alive;
        WaitingSequences += group.Alive;
        _running.Remove(group);
        _waiting.AddFirst(group);
        Preemptions++;
    }

    private static void Fork(SequenceGroup group)
    {
        Sequence leader = group.Leader;
        foreach (Sequence sequence in group.Sequences)
        {
            if (!sequence.Finished && sequence != leader) sequence.Table.ForkFrom(leader.Table);
        }

        group.Forked = true;
    }

    private static void Require(bool condition, string fault)
    {
        if (!condition) throw new InvalidOperationException(fault);
    }
}
