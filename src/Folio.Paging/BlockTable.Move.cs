namespace Folio.Paging;

public sealed partial class BlockTable
{
    /// <summary>
    /// Moves the sequence to another pool (a swap tier, or back): <paramref name="target"/> gets blocks for the tokens that it lacks, and this table is emptied.
    /// </summary>
    /// <remarks>
    /// The freed blocks keep their content until something is written: the copies must run before anything else of the step. The target pool must have the
    /// blocks: <see cref="BlockMap.CountUnique"/> says how many.
    /// </remarks>
    /// <param name="target">A table of the other pool, empty or holding this sequence's first full blocks (hits of the prefix index).</param>
    /// <param name="map">Shared by the tables of a group, and cleared before its first: what several of them hold is moved once and shared again.</param>
    /// <param name="copies">Gains (block of this pool, block of the target's) for each block that moves.</param>
    public void MoveTo(BlockTable target, BlockMap map, CopyList copies)
    {
        if (target.Tokens != target._count * pool.BlockSize || target._count > _count) throw new InvalidOperationException($"a table of {Tokens} tokens can't move behind {target.Tokens}");
        if (target._count == 0) target.Begin();
        for (int i = 0; i < target._count; i++) map.Add(_blocks[i], target._blocks[i]);
        target.Reserve(_count);
        target.Receive(Blocks[..pool.BlocksFor(Tokens)], map, copies);
        target.Tokens = Tokens;
        target._epoch = Math.Min(target._epoch, _epoch);
        Free();
    }

    private void Receive(ReadOnlySpan<int> blocks, BlockMap map, CopyList copies)
    {
        for (int i = _count; i < blocks.Length; i++)
        {
            if (map.TryGet(blocks[i], out int own))
            {
                pool.Share(own);
            }
            else
            {
                own = pool.Allocate();
                map.Add(blocks[i], own);
                copies.Add(blocks[i], own);
            }

            _blocks[_count++] = own;
        }
    }
}
