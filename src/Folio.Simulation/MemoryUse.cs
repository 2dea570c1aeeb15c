using Folio.Engine;
using Folio.Paging;

namespace Folio.Simulation;

/// <summary>What the slots of the KV cache hold, averaged over time: the paper's Fig. 2.</summary>
/// <remarks>A shared slot counts for each sequence that it belongs to, so the shares mean something only where nothing is shared.</remarks>
public sealed class MemoryUse
{
    private double _slots;
    private double _tokens;
    private double _promised;
    private double _overshoot;
    private double _allocated;

    /// <summary>The share of all slots that holds keys and values of real tokens.</summary>
    public double Tokens => _tokens / _slots;

    /// <summary>The share that is kept for tokens that will come.</summary>
    public double Reserved => _promised / _slots;

    /// <summary>The share that was asked for and will never be used; of blocks, what isn't filled, as the paper has it.</summary>
    public double Internal => _overshoot / _slots;

    /// <summary>The rest, external fragmentation and free: what no request fits into or asks for, and what the buddy allocator's rounding takes.</summary>
    public double ExternalAndFree => 1 - Tokens - Reserved - Internal;

    /// <summary>The share of all slots that is allocated.</summary>
    public double Allocated => _slots == 0 ? 0 : _allocated / _slots;

    /// <summary>Of the slots that are allocated, the share that holds real tokens.</summary>
    public double TokensOfAllocated => _allocated == 0 ? 0 : _tokens / _allocated;

    /// <summary>Counts what the planned step holds, for as long as it takes.</summary>
    /// <param name="outputLength">The true length of a group's outputs.</param>
    internal void Observe(StepPlan plan, BlockPool pool, IScheduler scheduler, Func<SequenceGroup, int> outputLength, double seconds)
    {
        long tokens = 0, coming = 0;
        long? asked = (scheduler as ReservationScheduler)?.SlotsAskedFor;
        foreach (ref readonly ScheduledTokens scheduled in plan.Scheduled)
        {
            Sequence sequence = scheduled.Sequence;
            tokens += sequence.Computed;
            if (asked is not null) coming += sequence.Group.PromptLength + outputLength(sequence.Group) - sequence.Computed;
        }

        double slots = (double)pool.Blocks * pool.BlockSize, allocated = scheduler.KvCacheUsage * slots;
        _slots += seconds * slots;
        _tokens += seconds * tokens;
        _allocated += seconds * allocated;
        _promised += seconds * coming;
        _overshoot += seconds * ((asked ?? allocated) - tokens - coming);
    }
}
