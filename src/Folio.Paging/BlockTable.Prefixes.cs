namespace Folio.Paging;

public sealed partial class BlockTable
{
    private int _indexed;                  // may be too many where another table dropped blocks since _version
    private int _epoch;                    // the index's when the first block was taken
    private int _version;                  // the index's when _indexed was right

    /// <summary>Leading full blocks that are in the prefix index.</summary>
    public int Indexed
    {
        get
        {
            if (pool.Prefixes is not { } index || _epoch != index.Epoch) return 0;
            if (_version != index.Version)
            {
                _indexed = index.ChainLength(Blocks[.._indexed]);
                _version = index.Version;
            }

            return _indexed;
        }
    }

    /// <summary>Of the <see cref="Indexed"/> blocks the leading ones that every namespace finds.</summary>
    public int Shared
    {
        get
        {
            int shared = 0;
            for (int most = Indexed; shared < most && pool.Prefixes!.Namespace(_blocks[shared]) == PrefixIndex.Shared;) shared++;
            return shared;
        }
    }

    /// <summary>Goes on with the cached blocks that hold the next tokens. From then on they are held, so no allocation can evict them.</summary>
    /// <remarks>Only at a block boundary and where everything so far is indexed: a prefix is known by all that lies before it.</remarks>
    /// <param name="tokens">The sequence's tokens from its first on, up to where hits are wanted: of a prompt all but the last, whose logits must be computed.</param>
    /// <param name="ns">The sequence's namespace.</param>
    /// <returns>Tokens gained, a multiple of the block size.</returns>
    public int Match(ReadOnlySpan<int> tokens, int ns)
    {
        if (pool.Prefixes is not { } index) return 0;
        if (_count == 0) Begin();
        if (_epoch != index.Epoch || Indexed != _count) return 0;

        int before = Tokens, blockSize = pool.BlockSize;
        while (tokens.Length - Tokens >= blockSize)
        {
            int block = index.Find(LastBlock(_count), tokens.Slice(Tokens, blockSize), ns);
            if (block == PrefixIndex.None) break;
            MakeRoom(_count + 1);
            pool.Share(block);
            index.CountUse(block);
            _blocks[_count++] = block;
            _indexed = _count;
            Tokens += blockSize;
        }

        return Tokens - before;
    }

    /// <summary>Makes the full blocks known that are not yet.</summary>
    /// <param name="tokens">The sequence's tokens from its first on; at least those that the table has slots for.</param>
    /// <param name="ns">The sequence's namespace.</param>
    /// <param name="merge">
    /// What happens where an equal block is known already: true takes that one and releases the own, whose content must be computed and is the same bit for bit;
    /// false stops there.
    /// </param>
    public void Index(ReadOnlySpan<int> tokens, int ns, bool merge)
    {
        if (pool.Prefixes is not { } index || _epoch != index.Epoch) return;
        int blockSize = pool.BlockSize;
        int full = Math.Min(Tokens, tokens.Length) / blockSize;
        for (int i = Indexed; i < full; i++)
        {
            ReadOnlySpan<int> content = tokens.Slice(i * blockSize, blockSize);
            int parent = LastBlock(i), own = _blocks[i], known = index.Find(parent, content, ns);
            if (known == PrefixIndex.None)
            {
                if (index.Contains(own)) return; // a sibling indexed it under a block that it had merged
                index.Add(own, parent, content, ns);
            }
            else if (known != own)
            {
                if (!merge) return;
                pool.Share(known);
                pool.Release(own);
                _blocks[i] = known;
            }

            _indexed = i + 1;
        }
    }

    /// <summary>Takes the blocks out of the index that hold tokens from <paramref name="fromToken"/> on, because these were never computed; and whatever others indexed behind them.</summary>
    public void Unindex(int fromToken)
    {
        if (pool.Prefixes is not { } index) return;
        for (int i = _count - 1; i >= fromToken / pool.BlockSize; i--) index.Remove(_blocks[i]);
    }

    /// <summary>After a reset of the index: what the table holds may be made known again.</summary>
    public void Renew()
    {
        if (_count > 0) Begin();
    }

    private int LastBlock(int count) => count == 0 ? PrefixIndex.Root : _blocks[count - 1];

    /// <summary>The table is about to take its first block.</summary>
    private void Begin()
    {
        _indexed = 0;
        _epoch = pool.Prefixes?.Epoch ?? int.MaxValue; // elsewhere its content is as old as where it came from
        _version = pool.Prefixes?.Version ?? 0;
    }
}
