using System.Buffers;

namespace Folio.Tokenization.Bpe;

/// <summary>Byte-pair merging: symbols in, tokens out, in time linear in the text but for texts made to prevent it (and then O(n log n)).</summary>
/// <remarks>
/// A short piece is one window. A long one is merged window by window, each beginning at a token of the one before; if that token comes first again, the tokens before it and
/// those from it on are put together. Where windows do not agree they are made larger (a run of one letter has tokens as long as a small window), in the end as long as the text.
/// That is exact, for any table. Call two tokens fit neighbours if their joined text is merged to just these two. In the encoding of a text all neighbours are fit: no merge
/// crossed the ends of the two, so the text between was merged as if it were alone. And a row of fit neighbours is the encoding of its text: up to the first merge that crosses
/// an end, each two neighbours have been merged as if they were alone, the lowest rank of the whole being the lowest of the two; so that merge would have come in the two alone
/// and they would not be fit. (M. Berglund and B. van der Merwe show the same in "Formalizing BPE Tokenization", 2023.)
/// </remarks>
internal static class Merger
{
    private const int Growth = 16;

    /// <summary>Merges in place.</summary>
    /// <returns>How many tokens are left at the beginning of <paramref name="symbols"/>.</returns>
    public static int Merge(MergeTable table, Span<int> symbols)
    {
        if (symbols.Length < 2) return symbols.Length;
        if (symbols.Length <= WindowMerger.Size) return WindowMerger.Merge(table, symbols, []);
        for (long size = WindowMerger.Size; size < symbols.Length; size *= Growth)
        {
            int count = MergeWindows(table, symbols, (int)size);
            if (count >= 0) return count;
        }

        return new HeapMerger(table, symbols.Length).Merge(symbols, []);
    }

    /// <returns>The number of tokens, or -1 where two windows do not agree; the symbols are then as they were.</returns>
    private static int MergeWindows(MergeTable table, Span<int> symbols, int size)
    {
        using var last = new Window(table, size);
        using var current = new Window(table, size);
        (Window before, Window window) = (last, current);
        int[] merged = ArrayPool<int>.Shared.Rent(symbols.Length);
        int count = 0;          // tokens in `merged`
        int start = 0;          // the symbol at which the window begins
        int kept = 0;           // how many tokens of the window before are in `merged`; the next one is at `start`
        while (true)
        {
            window.Merge(symbols, start);
            if (start > 0 && window.Tokens[0] != before.Tokens[kept])
            {
                if (kept < 2) break;
                int fewer = kept / 2;       // begin at an earlier token
                count -= kept - fewer;
                kept = fewer;
                start = before.Start + before.Starts[kept];
                continue;
            }

            bool isLast = start + size >= symbols.Length;
            kept = isLast ? window.Count : window.CountToKeep;
            if (kept < 1) break;
            window.Tokens.AsSpan(0, kept).CopyTo(merged.AsSpan(count));
            count += kept;
            if (isLast)
            {
                merged.AsSpan(0, count).CopyTo(symbols);
                ArrayPool<int>.Shared.Return(merged);
                return count;
            }

            start += window.Starts[kept];
            (before, window) = (window, before);
        }

        ArrayPool<int>.Shared.Return(merged);
        return -1;
    }

    /// <summary>Some symbols in a row and the tokens that they are by themselves.</summary>
    private sealed class Window(MergeTable table, int size) : IDisposable
    {
        private readonly HeapMerger? _heap = size > WindowMerger.Size ? new HeapMerger(table, size) : null;

        public readonly int[] Tokens = ArrayPool<int>.Shared.Rent(size);
        public readonly int[] Starts = ArrayPool<int>.Shared.Rent(size);    // the symbol at which each token begins, from the window's first on

        public int Count { get; private set; }

        public int Start { get; private set; }

        /// <summary>The tokens that begin early enough to be (most likely) right whatever follows the window; at least one is left over.</summary>
        public int CountToKeep
        {
            get
            {
                int keep = Count - 1;
                while (keep > 1 && Starts[keep] > size - (size / 8)) keep--;
                return keep;
            }
        }

        public void Merge(ReadOnlySpan<int> symbols, int start)
        {
            Start = start;
            Span<int> tokens = Tokens.AsSpan(0, Math.Min(size, symbols.Length - start)), starts = Starts.AsSpan(0, tokens.Length);
            symbols.Slice(start, tokens.Length).CopyTo(tokens);
            Count = _heap is null ? WindowMerger.Merge(table, tokens, starts) : _heap.Merge(tokens, starts);
        }

        public void Dispose()
        {
            ArrayPool<int>.Shared.Return(Tokens);
            ArrayPool<int>.Shared.Return(Starts);
        }
    }
}
