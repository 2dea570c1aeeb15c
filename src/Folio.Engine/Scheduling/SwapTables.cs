using Folio.Paging;

namespace Folio.Engine;

/// <summary>Where the blocks of preempted groups wait: a pool of host memory and one on disk, each with its own block tables.</summary>
/// <remarks>A group moves as a whole; blocks that its sequences share are moved once and are shared again there, and again on return (PagedAttention paper, §4.5).</remarks>
internal sealed class SwapTables
{
    private readonly BlockPool?[] _pools = new BlockPool?[2];   // [tiers] null: none
    private readonly BlockMap?[] _returns = new BlockMap?[2];   // [tiers] scratch: slot → block
    private readonly BlockMap _leaves;                          // scratch: block → slot

    public SwapTables(int blocks, int blockSize, int hostBlocks, int diskBlocks)
    {
        _leaves = new BlockMap(blocks);
        Open(SwapTier.Host, hostBlocks, blockSize);
        Open(SwapTier.Disk, diskBlocks, blockSize);
    }

    /// <summary>The first tier with room for so many blocks.</summary>
    public SwapTier? RoomFor(int blocks)
    {
        for (int tier = 0; tier < _pools.Length; tier++)
        {
            if (_pools[tier] is { } pool && pool.Free >= blocks) return (SwapTier)tier;
        }

        return null;
    }

    /// <summary>Blocks that the group holds, shared ones once.</summary>
    public int BlocksOf(SequenceGroup group)
    {
        _leaves.Clear();
        int blocks = 0;
        foreach (Sequence sequence in group.Sequences) blocks += _leaves.CountUnique(sequence.Table);
        return blocks;
    }

    /// <summary>Moves the group out; the tier must have room.</summary>
    public void MoveOut(SequenceGroup group, SwapTier tier, CopyList copies)
    {
        _leaves.Clear();
        foreach (Sequence sequence in group.Sequences)
        {
            if (sequence.Finished) continue;
            sequence.Swapped = new BlockTable(_pools[(int)tier]!);
            sequence.Table.MoveTo(sequence.Swapped, _leaves, copies);
        }

        group.Tier = tier;
    }

    /// <summary>Moves the group back; what the prefix cache still has is taken from there. The pool must have room.</summary>
    public void MoveIn(SequenceGroup group, CopyList copies)
    {
        BlockMap map = _returns[(int)group.Tier!]!;
        map.Clear();
        foreach (Sequence sequence in group.Sequences)
        {
            if (sequence.Swapped is not { } swapped) continue;
            sequence.Table.Match(sequence.Tokens(0, swapped.Tokens), group.Namespace);
            swapped.MoveTo(sequence.Table, map, copies);
            sequence.Swapped = null;
        }

        group.Tier = null;
    }

    /// <summary>Throws if a tier's counts are wrong.</summary>
    public void Verify(IEnumerable<SequenceGroup> groups)
    {
        for (int tier = 0; tier < _pools.Length; tier++)
        {
            _pools[tier]?.Verify(groups.Where(group => (int?)group.Tier == tier).SelectMany(group => group.Sequences).Select(sequence => sequence.Swapped).OfType<BlockTable>());
        }
    }

    private void Open(SwapTier tier, int blocks, int blockSize)
    {
        if (blocks == 0) return;
        _pools[(int)tier] = new BlockPool(blocks, blockSize);
        _returns[(int)tier] = new BlockMap(blocks);
    }
}
