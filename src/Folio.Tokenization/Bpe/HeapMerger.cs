namespace Folio.Tokenization.Bpe;

/// <summary>Byte-pair merging with a heap of pairs and a linked list of symbols: O(n log n) for any table and any length.</summary>
/// <param name="table">The pairs.</param>
/// <param name="capacity">The most symbols that come at once.</param>
internal sealed class HeapMerger(MergeTable table, int capacity)
{
    private readonly int[] _next = new int[capacity], _previous = new int[capacity];
    private readonly PriorityQueue<(int At, int Left, int Right), ulong> _pairs = new(capacity);

    /// <summary>Merges in place.</summary>
    /// <param name="symbols">[count] symbols, tokens afterwards.</param>
    /// <param name="starts">Empty, or [count] for the symbol at which each token begins.</param>
    /// <returns>How many tokens there are.</returns>
    public int Merge(Span<int> symbols, Span<int> starts)
    {
        for (int i = 0; i < symbols.Length; i++)
        {
            (_previous[i], _next[i]) = (i - 1, i + 1);
            if (i > 0) Enqueue(symbols, i - 1, i);
        }

        while (_pairs.TryDequeue(out (int At, int Left, int Right) pair, out _))
        {
            int at = pair.At, right = _next[at];
            // The pair is gone if either symbol has joined another since; a symbol that was joined to its left is marked -1.
            if (symbols[at] != pair.Left || right >= symbols.Length || symbols[right] != pair.Right) continue;
            table.Rank(pair.Left, pair.Right, out int slot);
            symbols[at] = table.Result(slot);
            symbols[right] = -1;
            int after = _next[at] = _next[right];
            if (after < symbols.Length)
            {
                _previous[after] = at;
                Enqueue(symbols, at, after);
            }

            if (_previous[at] >= 0) Enqueue(symbols, _previous[at], at);
        }

        int count = 0;
        for (int i = 0; i < symbols.Length; i = _next[i])
        {
            if (!starts.IsEmpty) starts[count] = i;
            symbols[count++] = symbols[i];
        }

        return count;
    }

    private void Enqueue(ReadOnlySpan<int> symbols, int left, int right)
    {
        int rank = table.Rank(symbols[left], symbols[right], out _);
        if (rank != MergeTable.NoRank) _pairs.Enqueue((left, symbols[left], symbols[right]), ((ulong)(uint)rank << 32) | (uint)left);
    }
}
