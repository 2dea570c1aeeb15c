namespace Folio.Paging;

public sealed partial class BlockPool
{
    /// <summary>
    /// Throws if an invariant is broken: references differ from what the tables hold, the free list is not exactly the rest or not in the order of eviction,
    /// the index is not a tree of distinct prefixes, or a table's indexed blocks are not a branch of it.
    /// </summary>
    /// <remarks>Tests and debug builds call it after every step; it allocates and takes time linear in the blocks.</remarks>
    /// <param name="tables">All tables of this pool.</param>
    public void Verify(IEnumerable<BlockTable> tables)
    {
        var held = new int[Blocks];
        foreach (BlockTable table in tables)
        {
            Require(table.IsFilledOnDemand, $"a table of {table.Tokens} tokens holds {table.Blocks.Length} blocks of {BlockSize}");
            Require(Prefixes is null ? table.Indexed == 0 : Prefixes.ChainLength(table.Blocks[..table.Indexed]) == table.Indexed, "a table's indexed blocks are not a branch of the index");
            foreach (int block in table.Blocks) held[block]++;
        }

        for (int block = 0; block < Blocks; block++)
        {
            Require(held[block] == _references[block], $"block {block} counts {_references[block]} references; the tables hold {held[block]}");
        }

        Require(held.AsSpan().Count(0) == Free, $"{Free} blocks count as free, {held.AsSpan().Count(0)} are unreferenced");
        VerifyFreeList();
        Prefixes?.Verify();
    }

    private void VerifyFreeList()
    {
        var place = new int[Blocks]; // in the free list, from 1; 0: not there
        int free = 0, cached = 0;
        for (int block = _first, previous = None; block != None; previous = block, block = _next[block])
        {
            Require(_references[block] == 0, $"block {block} is free and referenced");
            Require(place[block] == 0, $"block {block} is listed twice");
            Require(_previous[block] == previous, $"block {block} follows {previous} and names {_previous[block]}");
            place[block] = ++free;
            if (Prefixes?.Contains(block) == true) cached++;
            else Require(cached == 0, $"block {block} holds nothing and is listed behind cached ones");
        }

        Require(_last == None || _next[_last] == None, $"the free list doesn't end at block {_last}");
        Require(free == Free && cached == Cached, $"{Free} blocks count as free and {Cached} as cached, {free} and {cached} are listed");
        for (int block = 0; Prefixes is not null && block < Blocks; block++)
        {
            if (place[block] == 0 || !Prefixes.Contains(block) || Prefixes.Parent(block) is var parent && parent == PrefixIndex.Root) continue;
            Require(place[parent] == 0 || place[parent] > place[block], $"block {parent} would be evicted before its child {block}");
        }
    }

    internal static void Require(bool condition, string fault)
    {
        if (!condition) throw new InvalidOperationException(fault);
    }
}
