using Folio.Engine;
using Folio.Paging;

namespace Folio.Simulation;

/// <summary>What the slots of the KV cache hold, averaged over time: the paper's Fig. 2 and 15.</summary>
public sealed class MemoryUse
{
    private double _slots;
    private double _tokens;
    private double _promised;
    private double _overshoot;
    private double _allocated;
    private double _blocks;
    private double _blocksUnshared;

    /// <summary>The share of all slots that holds keys and values of real tokens.</summary>
    public double Tokens => _tokens / _slots;

    /// <summary>The share that is kept for tokens that will come.</summary>
    public double Reserved => _promised / _slots;

    /// <summary>The share that was asked for and will never be used.</summary>
    public double Internal => _overshoot / _slots;

    /// <summary>The rest: what is free, what rounding takes, what no request fits into.</summary>
    public double External => 1 - Tokens - Reserved - Internal;

    /// <summary>The share of all slots that is allocated.</summary>
    public double Allocated => _slots == 0 ? 0 : _allocated / _slots;

    /// <summary>Of the slots that are allocated, the share that holds real tokens.</summary>
    public double TokensOfAllocated => _allocated == 0 ? 0 : _tokens / _allocated;

    /// <summary>The paper's memory saving: blocks saved by sharing / blocks without sharing.</summary>
    public double SavedBySharing => _blocksUnshared == 0 ? 0 : 1 - _blocks / _blocksUnshared;

    /// <summary>Counts what the planned step holds, for as long as it takes.</summary>
    /// <param name="outputLength">The true length of a group's outputs.</param>
    internal void Observe(StepPlan plan, BlockPool pool, IScheduler scheduler, Func<SequenceGroup, int> outputLength, double seconds)
    {
        long tokens = 0, coming = 0, unshared = 0;
        long? asked = (scheduler as ReservationScheduler)?.SlotsAskedFor;
        foreach (ref readonly ScheduledTokens scheduled in plan.Scheduled)
        {
            Sequence sequence = scheduled.Sequence;
            SequenceGroup group = sequence.Group;
            int copies = group.Forked ? 1 : group.Alive;
            tokens += sequence.Computed;
            if (asked is not null) coming += group.PromptLength + outputLength(group) - sequence.Computed;
            unshared += (long)copies * sequence.Table.Blocks.Length;
        }

        _slots += seconds * pool.Blocks * pool.BlockSize;
        _tokens += seconds * tokens;
        _blocks += seconds * pool.Used;
        _blocksUnshared += seconds * unshared;
        _allocated += seconds * scheduler.KvCacheUsage * pool.Blocks * pool.BlockSize;
        if (asked is null) return;
        _promised += seconds * coming;
        _overshoot += seconds * (asked.Value - tokens - coming);
    }
}
