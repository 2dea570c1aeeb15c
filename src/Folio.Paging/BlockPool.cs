namespace Folio.Paging;

/// <summary>The blocks of one pool: reference counts and the free list in the order of eviction. Block ids are indices.</summary>
/// <remarks>
/// The free list begins with the blocks whose content nobody wants, the last freed first (its lines are still warm); then come those whose content the prefix
/// index knows, least recently released first. A block never stands before a child of its own, so that eviction takes tails before heads.
/// Allocate, share and release are O(1) and touch no managed heap. One thread owns a pool, its index and its tables.
/// </remarks>
public sealed partial class BlockPool
{
    private const int None = -1;

    private readonly int[] _references; // [blocks] tables that hold the block
    private readonly int[] _next;       // [blocks] free list, in the order in which blocks are taken; None ends it
    private readonly int[] _previous;   // [blocks] the same backwards
    private int _first;
    private int _last;

    /// <param name="blocks">Blocks of the pool.</param>
    /// <param name="blockSize">Tokens of a block.</param>
    /// <param name="prefixCaching">Whether full blocks can be indexed and found again by later sequences.</param>
    public BlockPool(int blocks, int blockSize, bool prefixCaching = false)
    {
        if (blocks < 1) throw new FolioException($"a pool of {blocks} blocks was asked for; expected 1 or more.");
        if (blockSize < 1) throw new FolioException($"blocks of {blockSize} tokens were asked for; expected 1 or more.");
        BlockSize = blockSize;
        _references = new int[blocks];
        _next = new int[blocks];
        _previous = new int[blocks];
        for (int block = 0; block < blocks; block++)
        {
            _next[block] = block + 1 < blocks ? block + 1 : None;
            _previous[block] = block - 1; // None before the first
        }

        _last = blocks - 1;
        Free = blocks;
        Prefixes = prefixCaching ? new PrefixIndex(this) : null;
    }

    public int Blocks => _references.Length;

    public int BlockSize { get; }

    /// <summary>Blocks that no table holds: what can be allocated, cached content included.</summary>
    public int Free { get; private set; }

    /// <summary>Free blocks whose content the index still knows.</summary>
    public int Cached { get; private set; }

    public int Used => Blocks - Free;

    /// <summary>Which blocks hold which tokens; null where prefix caching is off.</summary>
    public PrefixIndex? Prefixes { get; }

    /// <summary>How many tables hold the block.</summary>
    public int References(int block) => _references[block];

    /// <summary>The blocks that <paramref name="tokens"/> tokens fill, the last perhaps partly.</summary>
    public int BlocksFor(int tokens) => (int)(((long)tokens + BlockSize - 1) / BlockSize);

    /// <summary>Takes the free block whose content is worth least, and forgets that content. There must be one.</summary>
    internal int Allocate()
    {
        int block = _first;
        if (block == None) throw new InvalidOperationException("the pool has no free block");
        AllocateAt(block);
        return block;
    }

    /// <summary>Takes this free block: for allocators that need neighbours (the paper's baselines reserve contiguous ranges).</summary>
    internal void AllocateAt(int block)
    {
        if (_references[block] != 0) throw new InvalidOperationException($"block {block} is held and can't be allocated");
        Prefixes?.Remove(block);
        Unlink(block);
        _references[block] = 1;
        Free--;
    }

    /// <summary>One more table holds the block. A free one can be shared if it is cached: a hit.</summary>
    internal void Share(int block)
    {
        if (_references[block] == 0)
        {
            if (Prefixes is null || !Prefixes.Contains(block)) throw new InvalidOperationException($"block {block} is free and can't be shared");
            Unlink(block);
            Free--;
            Cached--;
        }

        _references[block]++;
    }

    /// <summary>One table less holds the block; the last one frees it.</summary>
    internal void Release(int block)
    {
        if (_references[block] == 0) throw new InvalidOperationException($"block {block} is released twice");
        if (--_references[block] > 0) return;
        Free++;
        if (Prefixes is null || !Prefixes.Contains(block))
        {
            LinkFirst(block);
            return;
        }

        Cached++;
        LinkLast(block);

        // A table holds the parents of its indexed blocks and frees them after, so this rarely has to do anything: only where a sibling merged a parent away.
        for (int parent = Prefixes.Parent(block); parent != PrefixIndex.Root && _references[parent] == 0; parent = Prefixes.Parent(parent))
        {
            Unlink(parent);
            LinkLast(parent);
        }
    }

    /// <summary>The index has dropped the block. If it is free it is now worth least.</summary>
    internal void Forgotten(int block)
    {
        if (_references[block] != 0) return;
        Cached--;
        Unlink(block);
        LinkFirst(block);
    }

    /// <summary>The index has dropped all blocks. The free list may stay as it is: no block of it is worth more than another.</summary>
    internal void AllForgotten() => Cached = 0;

    private void LinkFirst(int block)
    {
        _previous[block] = None;
        _next[block] = _first;
        if (_first == None) _last = block;
        else _previous[_first] = block;
        _first = block;
    }

    private void LinkLast(int block)
    {
        _next[block] = None;
        _previous[block] = _last;
        if (_last == None) _first = block;
        else _next[_last] = block;
        _last = block;
    }

    private void Unlink(int block)
    {
        int next = _next[block], previous = _previous[block];
        if (previous == None) _first = next;
        else _next[previous] = next;
        if (next == None) _last = previous;
        else _previous[next] = previous;
    }
}
