namespace Folio.Tokenization.Bpe;

/// <summary>Byte-pair merging with a heap of pairs and a linked list of symbols: O(n log n) for any table and any length.</summary>
internal static class HeapMerger
{
    /// <summary>Merges in place.</summary>
    /// <returns>How many tokens are left at the beginning of <paramref name="symbols"/>.</returns>
    public static int Merge(MergeTable table, Span<int> symbols)
    {
        int[] next = new int[symbols.Length], previous = new int[symbols.Length];
        var pairs = new PriorityQueue<(int At, int Left, int Right), ulong>(symbols.Length);
        for (int i = 0; i < symbols.Length; i++)
        {
            (previous[i], next[i]) = (i - 1, i + 1);
            if (i > 0) Enqueue(pairs, table, symbols, i - 1, i);
        }

        while (pairs.TryDequeue(out (int At, int Left, int Right) pair, out _))
        {
            int at = pair.At, right = next[at];
            // The pair is gone if either symbol has joined another since; a symbol that was joined to its left is marked -1.
            if (symbols[at] != pair.Left || right >= symbols.Length || symbols[right] != pair.Right) continue;
            symbols[at] = table.Result(pair.Left, pair.Right);
            symbols[right] = -1;
            next[at] = next[right];
            if (next[at] < symbols.Length)
            {
                previous[next[at]] = at;
                Enqueue(pairs, table, symbols, at, next[at]);
            }

            if (previous[at] >= 0) Enqueue(pairs, table, symbols, previous[at], at);
        }

        int count = 0;
        for (int i = 0; i < symbols.Length; i = next[i]) symbols[count++] = symbols[i];
        return count;
    }

    private static void Enqueue(PriorityQueue<(int, int, int), ulong> pairs, MergeTable table, ReadOnlySpan<int> symbols, int left, int right)
    {
        int rank = table.Rank(symbols[left], symbols[right]);
        if (rank != MergeTable.NoRank) pairs.Enqueue((left, symbols[left], symbols[right]), ((ulong)(uint)rank << 32) | (uint)left);
    }
}
