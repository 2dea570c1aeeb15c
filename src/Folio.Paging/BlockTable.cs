namespace Folio.Paging;

/// <summary>Where the keys and values of one sequence lie: token t is at offset t % blockSize of block Blocks[t / blockSize].</summary>
/// <remarks>
/// Blocks are filled left to right and taken on demand, so at most one is partly filled (the paper's bound on waste). Tables that were forked share blocks;
/// whoever appends to a shared block gets a copy of it first (copy-on-write).
/// </remarks>
public sealed partial class BlockTable(BlockPool pool)
{
    private int[] _blocks = [];
    private int _count;
    private bool _reserved; // holds blocks ahead of its tokens

    /// <summary>Tokens that have a slot.</summary>
    public int Tokens { get; private set; }

    public ReadOnlySpan<int> Blocks => _blocks.AsSpan(0, _count);

    /// <summary>Makes room for the ids of so many blocks, so that appending later allocates nothing on the managed heap.</summary>
    public void Reserve(int blocks)
    {
        if (blocks > _blocks.Length) Array.Resize(ref _blocks, blocks);
    }

    /// <summary>Blocks that the pool must give for <paramref name="tokens"/> more tokens: new ones, and one for the copy of a shared last block.</summary>
    public int BlocksNeeded(int tokens) => tokens == 0 ? 0 : Math.Max(0, pool.BlocksFor(Tokens + tokens) - _count) + (LastIsSharedAndPartial ? 1 : 0);

    /// <summary>Makes slots for <paramref name="tokens"/> more tokens, all or none.</summary>
    /// <param name="tokens">How many.</param>
    /// <param name="copies">Gains the copy of a shared last block, which must be made before anything is written.</param>
    /// <returns>False, and nothing is changed, when the pool has too few free blocks.</returns>
    public bool TryAppend(int tokens, CopyList copies)
    {
        int needed = BlocksNeeded(tokens);
        if (needed > pool.Free) return false;
        if (needed > 0)
        {
            if (_count == 0) Begin();
            if (LastIsSharedAndPartial)
            {
                ref int last = ref _blocks[Tokens / pool.BlockSize];
                int own = pool.Allocate();
                copies.Add(last, own);
                pool.Release(last);
                last = own;
            }

            int blocks = pool.BlocksFor(Tokens + tokens);
            MakeRoom(blocks);
            while (_count < blocks) _blocks[_count++] = pool.Allocate();
        }

        Tokens += tokens;
        return true;
    }

    /// <summary>Takes back what was matched and appended since the table had <paramref name="tokens"/> tokens. Of tables that share blocks, the last that appended comes first.</summary>
    /// <param name="tokens">Tokens to go back to.</param>
    /// <param name="copies">Loses the copy of a shared last block that appending has made.</param>
    /// <param name="copiesBefore">Copies there were before.</param>
    public void Retract(int tokens, CopyList copies, int copiesBefore)
    {
        int blocks = pool.BlocksFor(tokens);
        while (_count > blocks) pool.Release(_blocks[--_count]);
        if (copies.Count > copiesBefore)
        {
            BlockCopy copy = copies.Copies[copiesBefore];
            pool.Share(copy.Source);
            pool.Release(copy.Destination);
            _blocks[_count - 1] = copy.Source;
            copies.Truncate(copiesBefore);
        }

        Tokens = tokens;
        _indexed = Math.Min(_indexed, tokens / pool.BlockSize);
    }

    /// <summary>Makes this empty table share every block of <paramref name="parent"/>'s tokens, the partly filled last one too. Takes no block, so it can't fail.</summary>
    public void ForkFrom(BlockTable parent)
    {
        if (_count > 0) throw new InvalidOperationException("a table that holds blocks can't become a fork");
        int blocks = pool.BlocksFor(parent.Tokens);
        Reserve(blocks);
        foreach (int block in parent.Blocks[..blocks])
        {
            pool.Share(block);
            _blocks[_count++] = block;
        }

        Tokens = parent.Tokens;
        (_indexed, _epoch, _version) = (parent._indexed, parent._epoch, parent._version);
    }

    /// <summary>Gives all blocks up. Those that no other table holds become free, the last first: tails are evicted before heads.</summary>
    public void Free()
    {
        while (_count > 0) pool.Release(_blocks[--_count]);
        Tokens = 0;
        _indexed = 0;
        _reserved = false;
    }

    /// <summary>Makes this empty table hold <paramref name="count"/> free blocks in a row before it has tokens. Appending uses these first.</summary>
    internal void TakeRange(int first, int count)
    {
        if (_count > 0) throw new InvalidOperationException("a table that holds blocks can't take a range");
        Begin();
        Reserve(count);
        for (int block = first; block < first + count; block++)
        {
            pool.AllocateAt(block);
            _blocks[_count++] = block;
        }

        _reserved = true;
    }

    /// <summary>Whether the table holds the blocks of its tokens and, unless it reserved them, no more.</summary>
    internal bool IsFilledOnDemand => pool.BlocksFor(Tokens) is var blocks && (_reserved ? _count >= blocks : _count == blocks);

    private bool LastIsSharedAndPartial => Tokens % pool.BlockSize != 0 && pool.References(_blocks[Tokens / pool.BlockSize]) > 1;

    private void MakeRoom(int blocks)
    {
        if (blocks > _blocks.Length) Array.Resize(ref _blocks, Math.Max(blocks, _blocks.Length * 2));
    }
}
