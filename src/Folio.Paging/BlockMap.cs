namespace Folio.Paging;

/// <summary>From blocks of one pool to blocks of another, for one group that moves. Scratch: cleared in O(1) and used again.</summary>
/// <param name="blocks">Blocks of the larger of the pools that tables leave.</param>
public sealed class BlockMap(int blocks)
{
    private readonly int[] _targets = new int[blocks];
    private readonly int[] _stamps = new int[blocks]; // an entry counts if it bears the present stamp
    private int _stamp = 1;

    /// <summary>Forgets all blocks.</summary>
    public void Clear()
    {
        if (++_stamp > 0) return;
        Array.Clear(_stamps);
        _stamp = 1;
    }

    /// <summary>How many blocks of a table the map has not met since it was cleared, from index <paramref name="from"/> on; notes all of them as met.</summary>
    /// <remarks>Summed over a group's tables: the blocks that the group takes where it moves to. Clear the map before and after.</remarks>
    /// <param name="table">The table that would move.</param>
    /// <param name="from">Blocks that the target table has already.</param>
    public int CountUnique(BlockTable table, int from = 0)
    {
        int unique = 0;
        for (int i = 0; i < table.Blocks.Length; i++)
        {
            ref int stamp = ref _stamps[table.Blocks[i]];
            if (stamp != _stamp && i >= from) unique++;
            stamp = _stamp;
        }

        return unique;
    }

    internal void Add(int block, int target)
    {
        _targets[block] = target;
        _stamps[block] = _stamp;
    }

    internal bool TryGet(int block, out int target)
    {
        target = _targets[block];
        return _stamps[block] == _stamp;
    }
}
