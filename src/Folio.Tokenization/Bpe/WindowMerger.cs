using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Tokenization.Bpe;

/// <summary>Byte-pair merging of up to <see cref="Size"/> symbols, all of it in the first-level cache.</summary>
/// <remarks>
/// The ranks of neighbouring pairs lie in a row, in blocks of 16; the lowest rank of each block is a lane of a register. Two vector searches find the lowest of all, no heap is kept.
/// Ranks that were just written are never read back as part of a vector (that would wait for the write): a block's lowest rank is taken without the pairs
/// that change, while their new ranks are still being looked up.
/// </remarks>
internal static class WindowMerger
{
    public const int Size = Block * Block;

    private const int Block = 16;

    /// <summary>Merges in place.</summary>
    /// <param name="table">The pairs.</param>
    /// <param name="symbols">[count] symbols, tokens afterwards.</param>
    /// <param name="starts">Empty, or [count] for the symbol at which each token begins.</param>
    /// <returns>How many tokens there are.</returns>
    [SkipLocalsInit]
    public static int Merge(MergeTable table, Span<int> symbols, Span<int> starts)
    {
        int count = symbols.Length;
        int blocks = (count + Block - 1) / Block;
        Span<int> ranks = stackalloc int[Size];         // of the pair that begins at a symbol; NoRank where none does
        Span<int> slots = stackalloc int[Size];         // the pair's place in the table
        Span<int> next = stackalloc int[Size];          // the symbol to the right, `count` behind the last one
        Span<int> previous = stackalloc int[Size];
        for (int i = 0; i < count; i++)
        {
            (next[i], previous[i]) = (i + 1, i - 1);
            ranks[i] = i + 1 < count ? table.Rank(symbols[i], symbols[i + 1], out slots[i]) : MergeTable.NoRank;
        }

        ranks[count..(blocks * Block)].Fill(MergeTable.NoRank);
        var lowest = Lanes.Fill(MergeTable.NoRank);     // of each block of ranks
        for (int block = 0; block < blocks; block++) lowest = lowest.With(block, Lanes.Load(ranks, block).Lowest());

        while (lowest.Lowest() is not MergeTable.NoRank and int rank)
        {
            int block = lowest.IndexOf(rank);
            int at = (block * Block) + Lanes.Load(ranks, block).IndexOf(rank);
            int right = next[at], after = next[right], before = previous[at];
            int rightBlock = right / Block, beforeBlock = before < 0 ? block : before / Block;
            int rest = LowestOfOthers(ranks, block, at, right, before);

            symbols[at] = table.Result(slots[at]);
            next[at] = after;
            if (after < count) previous[after] = at;
            int rankAt = after < count ? table.Rank(symbols[at], symbols[after], out slots[at]) : MergeTable.NoRank;
            int rankBefore = before >= 0 ? table.Rank(symbols[before], symbols[at], out slots[before]) : MergeTable.NoRank;

            if (rightBlock != block) lowest = lowest.With(rightBlock, LowestOfOthers(ranks, rightBlock, at, right, before));
            if (beforeBlock == block) rest = Math.Min(rest, rankBefore);
            else lowest = lowest.With(beforeBlock, Math.Min(rankBefore, LowestOfOthers(ranks, beforeBlock, at, right, before)));
            lowest = lowest.With(block, Math.Min(rest, rankAt));

            (ranks[at], ranks[right]) = (rankAt, MergeTable.NoRank);
            if (before >= 0) ranks[before] = rankBefore;
        }

        int tokens = 0;
        for (int i = 0; i < count; i = next[i])
        {
            if (!starts.IsEmpty) starts[tokens] = i;
            symbols[tokens++] = symbols[i];
        }

        return tokens;
    }

    /// <summary>The lowest rank of a block but for three pairs, wherever they are.</summary>
    private static int LowestOfOthers(ReadOnlySpan<int> ranks, int block, int a, int b, int c)
    {
        int start = block * Block;
        return Lanes.Load(ranks, block).Without(a - start, b - start, c - start).Lowest();
    }

    /// <summary>16 numbers in registers.</summary>
    private readonly struct Lanes(Vector256<int> low, Vector256<int> high)
    {
        private static Vector256<int> Numbers => Vector256.Create(0, 1, 2, 3, 4, 5, 6, 7);

        public static Lanes Fill(int value) => new(Vector256.Create(value), Vector256.Create(value));

        public static Lanes Load(ReadOnlySpan<int> values, int block)
        {
            ReadOnlySpan<int> part = values.Slice(block * Block, Block);
            return new Lanes(Vector256.Create(part), Vector256.Create(part[8..]));
        }

        public Lanes With(int lane, int value) => new(
            Vector256.ConditionalSelect(Vector256.Equals(Numbers, Vector256.Create(lane)), Vector256.Create(value), low),
            Vector256.ConditionalSelect(Vector256.Equals(Numbers, Vector256.Create(lane - 8)), Vector256.Create(value), high));

        public Lanes Without(int a, int b, int c) => With(a, MergeTable.NoRank).With(b, MergeTable.NoRank).With(c, MergeTable.NoRank);

        public int Lowest()
        {
            Vector256<int> halves = Vector256.Min(low, high);
            Vector128<int> least = Vector128.Min(halves.GetLower(), halves.GetUpper());
            least = Vector128.Min(least, Vector128.Shuffle(least, Vector128.Create(2, 3, 0, 1)));
            return Vector128.Min(least, Vector128.Shuffle(least, Vector128.Create(1, 0, 3, 2))).ToScalar();
        }

        /// <summary>The first lane with a value; there is one.</summary>
        public int IndexOf(int value)
        {
            Vector256<int> wanted = Vector256.Create(value);
            return BitOperations.TrailingZeroCount(Vector256.Equals(low, wanted).ExtractMostSignificantBits() | (Vector256.Equals(high, wanted).ExtractMostSignificantBits() << 8));
        }
    }
}
