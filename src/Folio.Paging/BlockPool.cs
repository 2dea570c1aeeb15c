namespace Folio.Paging;

/// <summary>The blocks of one pool: reference counts and the free list. Block ids are indices.</summary>
/// <remarks>Allocate, share and release are O(1) and touch no managed heap. One thread owns a pool and its tables.</remarks>
public sealed class BlockPool
{
    private const int None = -1;

    private readonly int[] _references; // [blocks] tables that hold the block
    private readonly int[] _next;       // [blocks] free list, oldest first; None ends it
    private int _oldest;
    private int _newest;

    /// <param name="blocks">Blocks of the pool.</param>
    /// <param name="blockSize">Tokens of a block.</param>
    public BlockPool(int blocks, int blockSize)
    {
        if (blocks < 1) throw new FolioException($"a pool of {blocks} blocks was asked for; expected 1 or more.");
        if (blockSize < 1) throw new FolioException($"blocks of {blockSize} tokens were asked for; expected 1 or more.");
        BlockSize = blockSize;
        _references = new int[blocks];
        _next = new int[blocks];
        for (int block = 0; block < blocks; block++) _next[block] = block + 1 < blocks ? block + 1 : None;
        _newest = blocks - 1;
        Free = blocks;
    }

    public int Blocks => _references.Length;

    public int BlockSize { get; }

    /// <summary>Blocks that no table holds.</summary>
    public int Free { get; private set; }

    public int Used => Blocks - Free;

    /// <summary>How many tables hold the block.</summary>
    public int References(int block) => _references[block];

    /// <summary>The blocks that <paramref name="tokens"/> tokens fill, the last perhaps partly.</summary>
    public int BlocksFor(int tokens) => (int)(((long)tokens + BlockSize - 1) / BlockSize);

    /// <summary>Takes the block that has been free for longest. There must be one.</summary>
    internal int Allocate()
    {
        int block = _oldest;
        if (block == None) throw new InvalidOperationException("the pool has no free block");
        _oldest = _next[block];
        if (_oldest == None) _newest = None;
        _references[block] = 1;
        Free--;
        return block;
    }

    /// <summary>One more table holds the block.</summary>
    internal void Share(int block)
    {
        if (_references[block] == 0) throw new InvalidOperationException($"block {block} is free and can't be shared");
        _references[block]++;
    }

    /// <summary>One table less holds the block; the last one frees it.</summary>
    internal void Release(int block)
    {
        if (_references[block] == 0) throw new InvalidOperationException($"block {block} is released twice");
        if (--_references[block] > 0) return;
        _next[block] = None;
        if (_newest == None) _oldest = block;
        else _next[_newest] = block;
        _newest = block;
        Free++;
    }

    /// <summary>Throws if a count is wrong: references differ from what the tables hold, or the free list is not exactly the rest.</summary>
    /// <param name="tables">All tables of this pool.</param>
    public void Verify(IEnumerable<BlockTable> tables)
    {
        var held = new int[Blocks];
        foreach (BlockTable table in tables)
        {
            if (table.Blocks.Length != BlocksFor(table.Tokens)) throw new InvalidOperationException($"a table of {table.Tokens} tokens holds {table.Blocks.Length} blocks of {BlockSize}");
            foreach (int block in table.Blocks) held[block]++;
        }

        for (int block = 0; block < Blocks; block++)
        {
            if (held[block] != _references[block]) throw new InvalidOperationException($"block {block} counts {_references[block]} references; the tables hold {held[block]}");
        }

        int free = 0;
        for (int block = _oldest; block != None; block = _next[block])
        {
            if (_references[block] != 0) throw new InvalidOperationException($"block {block} is free and referenced");
            if (++free > Free) break;
            if (_next[block] == None && block != _newest) throw new InvalidOperationException($"the free list ends at block {block}, not at {_newest}");
        }

        int unreferenced = held.AsSpan().Count(0);
        if (free != Free || unreferenced != Free) throw new InvalidOperationException($"{Free} blocks count as free, {free} are listed, {unreferenced} are unreferenced");
    }
}
