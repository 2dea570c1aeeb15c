namespace Folio.Engine;

/// <summary>The invariants.</summary>
internal sealed partial class Scheduler
{
    /// <summary>Throws if an invariant of blocks, queues or the present plan is broken. Tests and debug builds call it.</summary>
    public void Verify()
    {
        SequenceGroup[] groups = [.. Groups()];
        _pool.Verify(groups.SelectMany(group => group.Sequences).Select(sequence => sequence.Table));
        _swap.Verify(groups);
        foreach (SequenceGroup group in groups)
        {
            Require(group.Alive == group.Sequences.Count(sequence => !sequence.Finished) && group.Alive > 0, "a living group miscounts its sequences");
            Require(group.State is GroupState.Running or GroupState.Pinned || group.Sequences.All(sequence => sequence.Computed == 0), "a group that doesn't run holds blocks");
            Require(group.State == GroupState.Running || group.Sequences.All(sequence => sequence.Finished || !sequence.IsPending), "a group that doesn't run waits for a token");
            Require((group.Tier is not null) == group.Sequences.Any(sequence => sequence.Swapped is not null), "a group is half swapped out");
            Require(group.Tier is null || group.State == GroupState.Preempted, "a group that runs is swapped out");
            Require(group.State != GroupState.Pinned || group.Leader.Table.Indexed == group.PromptLength / _pool.BlockSize, "a pin has blocks that nobody can find");
        }

        Require(groups.Where(group => group.State == GroupState.Running).Sum(group => group.Alive) == RunningSequences, "sequences are miscounted");
        Require(RunningSequences <= _maxSequences, "more sequences run than may");
        RequireOrder(_running);
        RequireOrder(_preempted);
    }

    public void VerifyPlan()
    {
        Require(_plan.Batch.Tokens <= _plan.Batch.MaxTokens, "the token budget is exceeded");
        Require(!_plan.IsEmpty || _running.Groups().All(group => group.Sequences.All(sequence => sequence.Finished || sequence.AwaitsLast)), "somebody runs and nothing is planned");
        Require(!_plan.SwapsOut || !_plan.SwapsIn, "a step swaps both ways");
        foreach (ref readonly ScheduledTokens tokens in _plan.Scheduled)
        {
            for (int position = tokens.Start; position < tokens.Start + tokens.Count; position++)
            {
                int block = tokens.Sequence.Table.Blocks[position / _pool.BlockSize];
                Require(_pool.References(block) == 1 || IsShareableNow(tokens.Sequence, position), $"block {block} is shared and written");
            }
        }
    }

    /// <summary>A full block that was indexed when it was planned may be read by those that were planned behind it.</summary>
    private bool IsShareableNow(Sequence sequence, int position) => position / _pool.BlockSize < sequence.Table.Indexed;

    private void RequireOrder(GroupQueue queue)
    {
        for (SequenceGroup? group = queue.First; group?.Next is { } next; group = next) Require(!_policy.Precedes(next, group), "a queue is out of order");
    }

    private static void Require(bool condition, string fault)
    {
        if (!condition) throw new InvalidOperationException(fault);
    }
}
