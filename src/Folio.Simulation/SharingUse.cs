using Folio.Engine;
using Folio.Paging;

namespace Folio.Simulation;

/// <summary>The paper's memory saving (Fig. 15): blocks saved by sharing / blocks without sharing, over steps that count alike.</summary>
/// <remarks>Looked at when a step runs, after it was planned: in the simulator and on the real engine alike.</remarks>
public sealed class SharingUse
{
    private long _blocks;
    private long _blocksUnshared;

    public double Saved => _blocksUnshared == 0 ? 0 : 1 - (double)_blocks / _blocksUnshared;

    /// <summary>A sequence that takes part in the step: it would have all its blocks to itself. A prompt that others will fork, each of them would have.</summary>
    internal void Add(Sequence sequence) => _blocksUnshared += (long)(sequence.Group.Forked ? 1 : sequence.Group.Alive) * sequence.Table.Blocks.Length;

    internal void EndStep(BlockPool pool) => _blocks += pool.Used;
}
