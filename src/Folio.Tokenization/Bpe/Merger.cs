using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Folio.Tokenization.Bpe;

/// <summary>Byte-pair merging: symbols in, tokens out.</summary>
/// <remarks>
/// Up to <see cref="WindowSize"/> symbols, the ranks of all neighbouring pairs stay in one row in the first-level cache and the lowest is found with
/// vector compares: no heap, no links. Longer texts are merged window by window, each beginning at a token of the one before; where it begins with that very token
/// the two agree, and by the property that <see cref="MergeTable.IsProper"/> states the whole is exact. Where windows do not agree, or the table is not proper,
/// <see cref="HeapMerger"/> does it in O(n log n).
/// </remarks>
internal static class Merger
{
    public const int WindowSize = 192;

    // Tokens that begin this near to a window's end may change with what follows; a guess that the next window checks.
    private const int Margin = 40;

    // The row of ranks is padded to whole vectors (512 bits at most).
    private const int Padding = 16;

    /// <summary>Merges in place.</summary>
    /// <returns>How many tokens are left at the beginning of <paramref name="symbols"/>.</returns>
    public static int Merge(MergeTable table, Span<int> symbols)
    {
        if (symbols.Length < 2) return symbols.Length;
        if (symbols.Length <= WindowSize) return MergeWindow(table, symbols);
        if (!table.IsProper) return HeapMerger.Merge(table, symbols);

        int[] merged = ArrayPool<int>.Shared.Rent(symbols.Length);
        int count = MergeWindows(table, symbols, merged);
        if (count >= 0) merged.AsSpan(0, count).CopyTo(symbols);
        else count = HeapMerger.Merge(table, symbols);
        ArrayPool<int>.Shared.Return(merged);
        return count;
    }

    /// <returns>The number of tokens written, or -1 where two windows do not agree.</returns>
    private static int MergeWindows(MergeTable table, ReadOnlySpan<int> symbols, Span<int> merged)
    {
        Span<int> window = stackalloc int[WindowSize];
        Span<int> starts = stackalloc int[WindowSize];      // where each token of a window begins
        int count = 0;                                      // tokens that are settled
        int start = 0;                                      // the symbol at which the window begins
        int settled = 0;                                    // tokens of the last window that are kept before `start`
        ReadOnlySpan<int> noTokens = [];
        Span<int> lastTokens = stackalloc int[WindowSize];
        Span<int> lastStarts = stackalloc int[WindowSize];
        int lastStart = 0;
        while (true)
        {
            int length = Math.Min(WindowSize, symbols.Length - start);
            symbols.Slice(start, length).CopyTo(window);
            int tokens = MergeWindow(table, window[..length], starts);
            if (start > 0 && window[0] != lastTokens[settled])
            {
                // Begin further back, at an earlier token of the last window.
                if (settled < 2) return -1;
                int earlier = settled / 2;
                count -= settled - earlier;
                settled = earlier;
                start = lastStart + lastStarts[settled];
                continue;
            }

            if (start + length == symbols.Length)
            {
                window[..tokens].CopyTo(merged[count..]);
                return count + tokens;
            }

            int keep = tokens - 1;
            while (keep > 1 && starts[keep] > WindowSize - Margin) keep--;
            if (keep < 1) return -1;
            window[..keep].CopyTo(merged[count..]);
            count += keep;
            window[..tokens].CopyTo(lastTokens);
            starts[..tokens].CopyTo(lastStarts);
            (lastStart, settled) = (start, keep);
            start += starts[keep];
        }
    }

    private static int MergeWindow(MergeTable table, Span<int> symbols) => MergeWindow(table, symbols, []);

    /// <param name="table">The pairs.</param>
    /// <param name="symbols">[count] symbols, tokens afterwards.</param>
    /// <param name="starts">Empty, or [count] for the symbol at which each token begins.</param>
    private static int MergeWindow(MergeTable table, Span<int> symbols, Span<int> starts)
    {
        int count = symbols.Length;
        Span<int> ranks = stackalloc int[WindowSize + Padding];     // ranks[i]: of the pair (i, i + 1)
        int row = ((count - 1 + Padding - 1) / Padding) * Padding;
        ranks = ranks[..row];
        for (int i = 0; i < count - 1; i++) ranks[i] = table.Rank(symbols[i], symbols[i + 1]);
        ranks[(count - 1)..].Fill(MergeTable.NoRank);
        for (int i = 0; i < starts.Length && i < count; i++) starts[i] = i;

        while (count > 1)
        {
            int lowest = Lowest(ranks, count - 1);
            if (lowest == MergeTable.NoRank) break;
            int at = ranks.IndexOf(lowest);
            symbols[at] = table.Result(symbols[at], symbols[at + 1]);
            symbols[(at + 2)..count].CopyTo(symbols[(at + 1)..]);
            if (starts.Length > 0) starts[(at + 2)..count].CopyTo(starts[(at + 1)..]);
            count--;
            ranks[(at + 1)..count].CopyTo(ranks[at..]);
            ranks[count - 1] = MergeTable.NoRank;
            if (at > 0) ranks[at - 1] = table.Rank(symbols[at - 1], symbols[at]);
            if (at < count - 1) ranks[at] = table.Rank(symbols[at], symbols[at + 1]);
        }

        return count;
    }

    /// <summary>The lowest of the first <paramref name="pairs"/> ranks; what follows them up to a whole vector is <see cref="MergeTable.NoRank"/>.</summary>
    private static int Lowest(ReadOnlySpan<int> ranks, int pairs)
    {
        int lowest = MergeTable.NoRank;
        if (pairs <= 8)
        {
            foreach (int rank in ranks[..pairs]) lowest = Math.Min(lowest, rank);
            return lowest;
        }

        ReadOnlySpan<Vector<int>> vectors = MemoryMarshal.Cast<int, Vector<int>>(ranks)[..((pairs + Vector<int>.Count - 1) / Vector<int>.Count)];
        Vector<int> least = vectors[0];
        foreach (Vector<int> vector in vectors[1..]) least = Vector.Min(least, vector);
        for (int i = 0; i < Vector<int>.Count; i++) lowest = Math.Min(lowest, least[i]);
        return lowest;
    }
}
