using Folio.Engine;
using Folio.Paging;

namespace Folio.Simulation;

/// <summary>The paper's memory saving (Fig. 15): blocks saved by sharing / blocks without sharing, over all steps, which count alike.</summary>
public sealed class SharingUse
{
    private long _blocks;
    private long _blocksUnshared;

    public double Saved => _blocksUnshared == 0 ? 0 : 1 - (double)_blocks / _blocksUnshared;

    /// <summary>Counts a step that has been planned and is about to run. Each sequence of a running group would have its blocks to itself, in the step or not; a prompt that others will fork, each of them would have.</summary>
    internal void Observe(IScheduler scheduler, BlockPool pool)
    {
        foreach (SequenceGroup group in scheduler.Groups().Take(scheduler.Running))
        {
            foreach (Sequence sequence in group.Sequences)
            {
                if (group.Runs(sequence)) _blocksUnshared += (long)(group.Forked ? 1 : group.Alive) * sequence.Table.Blocks.Length;
            }
        }

        _blocks += pool.Used;
    }
}
