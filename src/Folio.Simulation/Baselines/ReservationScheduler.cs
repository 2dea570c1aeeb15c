using Folio.Engine;
using Folio.Paging;

namespace Folio.Simulation;

/// <summary>The systems that the paper compares with, behind the engine's own seam: contiguous space for a whole sequence, reserved when it starts.</summary>
/// <remarks>
/// Iteration by iteration (Orca): whenever a sequence ends, the next that waits may start. Batch by batch (FasterTransformer with dynamic batching): the next batch
/// starts when all of this one have ended, and is answered as a whole. Every sequence of a group has space and prompt of its own; all of them start together. First come, first served; what has started is
/// never preempted, as its space is reserved.
/// </remarks>
internal sealed class ReservationScheduler : IScheduler
{
    private readonly BlockPool _pool;
    private readonly StepPlan _plan;
    private readonly int _maxSequences;
    private readonly int _maxModelLen;
    private readonly Reservation _reservation;
    private readonly Func<SequenceGroup, int> _outputLength;
    private readonly bool _wholeBatches;
    private readonly BuddyAllocator _space;
    private readonly GroupQueue _running = new();
    private readonly GroupQueue _waiting = new();
    private int _runningSequences;

    /// <param name="pool">The blocks of the KV cache. Ranges are of whole blocks.</param>
    /// <param name="limits">Tokens, sequences and logit rows of a step at most.</param>
    /// <param name="maxModelLen">Tokens of the longest sequence.</param>
    /// <param name="reservation">How much is reserved.</param>
    /// <param name="outputLength">The true length of a group's outputs, which Pow2 and Oracle are told.</param>
    /// <param name="wholeBatches">Batch by batch instead of iteration by iteration.</param>
    public ReservationScheduler(BlockPool pool, StepLimits limits, int maxModelLen, Reservation reservation, Func<SequenceGroup, int> outputLength, bool wholeBatches = false)
    {
        (_pool, _maxSequences, _maxModelLen, _reservation, _outputLength, _wholeBatches) = (pool, limits.Sequences, maxModelLen, reservation, outputLength, wholeBatches);
        _plan = new StepPlan(limits, pool.BlocksFor(maxModelLen), pool.BlockSize);
        _space = new BuddyAllocator(pool.Blocks);
    }

    public int Running => _running.Count;

    public int Waiting => _waiting.Count;

    public int Swapped => 0;

    public long Preemptions => 0;

    /// <remarks>Nobody: <see cref="Add"/> refuses what the whole cache has no ranges for.</remarks>
    public SequenceGroup? Unservable => null;

    public double KvCacheUsage => (double)_space.Used / _pool.Blocks;

    /// <summary>Slots that the running sequences asked for, before the allocator rounded them up.</summary>
    public long SlotsAskedFor { get; private set; }

    public bool Add(SequenceGroup group)
    {
        if (group.Alive > _maxSequences || !_space.Holds(group.Alive, _pool.BlocksFor(Slots(group))))
        {
            foreach (Sequence sequence in group.Sequences) sequence.Finished = true;
            group.Alive = 0;
            group.State = GroupState.Finished;
            return false;
        }

        group.State = GroupState.Waiting;
        _waiting.AddLast(group);
        return true;
    }

    public StepPlan Schedule()
    {
        _plan.Clear();
        if (!_wholeBatches || _running.Count == 0) Admit();
        for (SequenceGroup? group = _running.First; group is not null; group = group.Next)
        {
            foreach (Sequence sequence in group.Sequences)
            {
                if (!sequence.Finished) Schedule(sequence);
            }
        }

        _plan.Build();
        return _plan;
    }

    public void Commit()
    {
    }

    /// <remarks>A failed step ends the run.</remarks>
    public void Discard()
    {
    }

    public void LoseMoved()
    {
    }

    /// <remarks>In a whole batch space is kept, and the group counts as running, until all others have ended too.</remarks>
    public void Finish(Sequence sequence)
    {
        if (sequence.Finished) return;
        SequenceGroup group = sequence.Group;
        sequence.Finished = true;
        group.Alive--;
        if (group.State == GroupState.Waiting)
        {
            if (group.Alive > 0) return;
            _waiting.Remove(group);
            group.State = GroupState.Finished;
            return;
        }

        _runningSequences--;
        if (_wholeBatches)
        {
            if (_runningSequences == 0) EndBatch();
            return;
        }

        Release(sequence);
        if (group.Alive == 0) End(group);
    }

    public void Finish(SequenceGroup group)
    {
        foreach (Sequence sequence in group.Sequences) Finish(sequence);
    }

    public IEnumerable<SequenceGroup> Groups()
    {
        for (SequenceGroup? group = _running.First; group is not null; group = group.Next) yield return group;
        for (SequenceGroup? group = _waiting.First; group is not null; group = group.Next) yield return group;
    }

    public void Verify()
    {
        _pool.Verify(Groups().SelectMany(group => group.Sequences).Select(sequence => sequence.Table));
        _space.Verify();
        if (_pool.Used != _space.Used) throw new InvalidOperationException("the blocks held are not those reserved");
    }

    public void VerifyPlan()
    {
        if (_plan.Batch.Tokens > _plan.Batch.MaxTokens) throw new InvalidOperationException("the token budget is exceeded");
    }

    private void Schedule(Sequence sequence)
    {
        int tokens = StepPlan.Room(sequence, _plan.TokensLeft, _plan.RowsLeft), start = sequence.Computed;
        if (tokens <= 0) return;
        if (!sequence.Table.TryAppend(tokens, _plan.Copies)) throw new InvalidOperationException("a reserved block is not there");
        _plan.Add(sequence, tokens, start, _plan.Copies.Count);
    }

    private void Admit()
    {
        while (_waiting.First is { } group && _runningSequences + group.Alive <= _maxSequences && TryReserve(group))
        {
            _waiting.Remove(group);
            _running.AddLast(group);
            group.State = GroupState.Running;
            group.Forked = true; // nothing is shared: each sequence computes its own prompt
            _runningSequences += group.Alive;
        }
    }

    /// <summary>A range for every living sequence, or none.</summary>
    private bool TryReserve(SequenceGroup group)
    {
        int blocks = _pool.BlocksFor(Slots(group));
        foreach (Sequence sequence in group.Sequences)
        {
            if (sequence.Finished) continue;
            int start = _space.Take(blocks);
            if (start < 0)
            {
                foreach (Sequence served in group.Sequences) Release(served);
                return false;
            }

            sequence.Table.TakeRange(start, BuddyAllocator.Rounded(blocks));
            SlotsAskedFor += Slots(group);
        }

        return true;
    }

    private void Release(Sequence sequence)
    {
        if (sequence.Table.Blocks.IsEmpty) return;
        _space.Release(sequence.Table.Blocks[0]);
        sequence.Table.Free();
        SlotsAskedFor -= Slots(sequence.Group);
    }

    private void EndBatch()
    {
        while (_running.First is { } group)
        {
            foreach (Sequence sequence in group.Sequences) Release(sequence);
            End(group);
        }
    }

    private void End(SequenceGroup group)
    {
        _running.Remove(group);
        group.State = GroupState.Finished;
    }

    private int Slots(SequenceGroup group) => _reservation.Slots(group.PromptLength, _outputLength(group), _maxModelLen);
}
