using System.Diagnostics;

namespace Folio.Engine;

/// <summary>What somebody needed blocks for when another was preempted.</summary>
public enum PreemptionReason
{
    Decode,
    Prefill,
}

/// <summary>Who gives way when blocks run out, and how it gets its keys and values back.</summary>
internal sealed partial class Scheduler
{
    private void Preempt(SequenceGroup group, PreemptionReason reason)
    {
        int blocks = _swap.BlocksOf(group), tokens = Tokens(group, blocks);
        SwapTier? tier = TierFor(group, blocks, tokens);
        if (tier is { } chosen)
        {
            _swap.MoveOut(group, chosen, _plan.SwapOuts(chosen));
            _moved.Add(group);
            Swapped++;
        }
        else
        {
            foreach (Sequence sequence in group.Sequences) sequence.Table.Free();
            group.Forked = false;
        }

        _running.Remove(group);
        _preempted.Insert(group, _policy);
        group.State = GroupState.Preempted;
        group.Preempted += PreemptionTally.One(tier, reason, tokens);
        RunningSequences -= group.Alive;
        Preemptions++;
        _metrics.Preempted(tier, reason, tokens);
        if (group.Outlet.IsObserved) group.Outlet.Tell(new(RequestStage.Preempted, Stopwatch.GetTimestamp()) { Tokens = tokens, Reason = reason, Tier = tier });
    }

    /// <summary>Null: to be computed again.</summary>
    private SwapTier? TierFor(SequenceGroup group, int blocks, int tokens)
    {
        if (_settings.Preemption == PreemptionMode.Recompute || blocks == 0 || group.IsPin) return null;
        SwapTier? tier = _swap.RoomFor(blocks);
        bool cheaper = tier is { } found && _costs.Swap(found, blocks) < _costs.Recompute(tokens);
        return cheaper || _settings.Preemption == PreemptionMode.Swap ? tier : null;
    }

    /// <summary>Tokens in the group's blocks, those of shared blocks once.</summary>
    private int Tokens(SequenceGroup group, int blocks)
    {
        int unfilled = 0;
        foreach (Sequence sequence in group.Sequences) unfilled += sequence.Table.Blocks.Length * _pool.BlockSize - sequence.Computed;
        return Math.Max(0, blocks * _pool.BlockSize - unfilled);
    }
}
