namespace Folio.Paging;

/// <summary>An indexed block, as something outside the pool may keep it.</summary>
/// <param name="Block">Its id.</param>
/// <param name="Parent">The block before it, or <see cref="PrefixIndex.Root"/>.</param>
/// <param name="Salt">The cache salt of its namespace; null for <see cref="PrefixIndex.Shared"/>.</param>
/// <param name="Tokens">[blockSize] What it holds; good until the block leaves the index.</param>
/// <param name="Uses">How often a sequence has hit it.</param>
public readonly record struct IndexedBlock(int Block, int Parent, string? Salt, ReadOnlyMemory<int> Tokens, int Uses);

public sealed partial class PrefixIndex
{
    /// <summary>All indexed blocks, parents before their children. The index must not change meanwhile.</summary>
    public IEnumerable<IndexedBlock> Blocks()
    {
        for (int block = _firstOfRoot; block != None; block = After(block))
        {
            Entry entry = _entries[block];
            yield return new(block, entry.Parent, _namespaces.Salt(entry.Namespace), _tokens.AsMemory(block * _blockSize, _blockSize), entry.Uses);
        }
    }

    /// <summary>How many of these blocks, from the first on, are indexed each as the child of the one before.</summary>
    internal int ChainLength(ReadOnlySpan<int> blocks)
    {
        int length = 0;
        while (length < blocks.Length && _entries[blocks[length]].Parent == (length == 0 ? Root : blocks[length - 1])) length++;
        return length;
    }

    /// <summary>Throws if the tree, the hash chains or the counts disagree.</summary>
    internal void Verify()
    {
        int count = 0;
        var inNamespace = new Dictionary<int, int>();
        for (int block = _firstOfRoot; block != None; block = After(block))
        {
            Entry entry = _entries[block];
            BlockPool.Require(++count <= Count, "the index has a cycle or more blocks than it counts");
            BlockPool.Require(entry.Parent == Root || Contains(entry.Parent), $"block {block} is indexed under block {entry.Parent}, which isn't");
            BlockPool.Require(FindIn(entry.Parent, Tokens(block), entry.Namespace) == block, $"block {block} is not what its key leads to");
            BlockPool.Require(entry.Parent == Root || _entries[entry.Parent].Namespace is var above && (above == Shared || above == entry.Namespace), $"block {block} lies under another namespace");
            for (int child = entry.FirstChild; child != None; child = _entries[child].NextSibling)
            {
                BlockPool.Require(_entries[child].Parent == block, $"block {child} is listed under block {block} and names {_entries[child].Parent}");
            }

            inNamespace[entry.Namespace] = inNamespace.GetValueOrDefault(entry.Namespace) + 1;
        }

        int indexed = 0;
        for (int block = 0; block < _entries.Length; block++) indexed += Contains(block) ? 1 : 0;
        BlockPool.Require(count == Count && indexed == Count, $"{Count} blocks count as indexed, {count} are in the tree, {indexed} are marked");
        foreach ((int ns, int blocks) in inNamespace)
        {
            BlockPool.Require(_namespaces.Blocks(ns) == blocks, $"namespace {ns} counts {_namespaces.Blocks(ns)} blocks and has {blocks}");
            BlockPool.Require(ns == Shared || _namespaces.Salt(ns) is not null, $"namespace {ns} is retired and has blocks");
        }
    }

    /// <summary>The next block in depth-first order.</summary>
    private int After(int block)
    {
        if (_entries[block].FirstChild != None) return _entries[block].FirstChild;
        while (_entries[block].NextSibling == None && _entries[block].Parent != Root) block = _entries[block].Parent;
        return _entries[block].NextSibling;
    }
}
