using Folio.Tokenization.Bpe;

namespace Folio.Tokenization.Tests;

/// <summary>Merging against the definition, written out in ten lines.</summary>
public sealed class MergerTests
{
    private const int Letters = 4;

    [Theory, InlineData(0), InlineData(1), InlineData(2)]
    public void Any_table_and_any_length_give_what_the_definition_gives(int disorder)
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (int round = 0; round < 150; round++)
        {
            MergeTable table = RandomTable(random, disorder);
            int[] symbols = RandomText(random, random.Next(2, round % 10 == 0 ? 3000 : 700));
            int[] merged = [.. symbols];
            Assert.Equal(Naive(table, symbols), merged[..Merger.Merge(table, merged)]);
        }
    }

    [Fact]
    public void Windows_heap_and_single_window_agree()
    {
        var random = new Random(5);
        MergeTable table = RandomTable(random, disorder: 0);
        for (int length = 1; length <= WindowMerger.Size; length += 5)
        {
            int[] symbols = RandomText(random, length), byWindow = [.. symbols], byHeap = [.. symbols];
            int count = WindowMerger.Merge(table, byWindow, []);
            Assert.Equal(Naive(table, symbols), byWindow[..count]);
            Assert.Equal(byWindow[..count], byHeap[..new HeapMerger(table, length).Merge(byHeap, [])]);
        }
    }

    [Fact]
    public void A_run_of_one_letter_is_merged_in_windows_that_grow()
    {
        // Tokens of 1, 2, 4, … 256 letters: a small window never agrees with the next one.
        var table = new MergeTable(9, 8);
        for (int i = 0; i < 8; i++) table.Add(i, i, i, i + 1);
        int[] symbols = new int[10_007];
        Assert.Equal([.. Enumerable.Repeat(8, 39), 4, 2, 1, 0], symbols[..Merger.Merge(table, symbols)]);
    }

    private static int[] RandomText(Random random, int length)
    {
        // Runs and repeats, so that long tokens come to be.
        int[] text = new int[length];
        for (int i = 0; i < length; i++) text[i] = i > 8 && random.Next(3) > 0 ? text[i - random.Next(1, 8)] : random.Next(Letters);
        return text;
    }

    /// <summary>0: a vocabulary as training makes it; 1: with every other way to cut its tokens; 2: and with ranks in no order at all.</summary>
    private static MergeTable RandomTable(Random random, int disorder)
    {
        List<string> tokens = [.. Enumerable.Range(0, Letters).Select(i => ((char)('a' + i)).ToString())];
        while (tokens.Count < 60)
        {
            string joined = tokens[random.Next(tokens.Count)] + tokens[random.Next(tokens.Count)];
            if (!tokens.Contains(joined) && joined.Length < 20) tokens.Add(joined);
        }

        var table = new MergeTable(tokens.Count, tokens.Count);
        int[] ranks = [.. Enumerable.Range(0, 2000)];
        if (disorder == 2) random.Shuffle(ranks);
        int pairs = 0;
        for (int id = Letters; id < tokens.Count; id++)
        {
            for (int cut = 1; cut < tokens[id].Length; cut++)
            {
                int left = tokens.IndexOf(tokens[id][..cut]), right = tokens.IndexOf(tokens[id][cut..]);
                if (left >= 0 && right >= 0 && (disorder > 0 || Math.Max(left, right) < id)) table.Add(left, right, ranks[pairs++], id);
            }
        }

        return table;
    }

    private static int[] Naive(MergeTable table, int[] text)
    {
        List<int> symbols = [.. text];
        while (true)
        {
            int best = -1, bestRank = MergeTable.NoRank, bestSlot = 0;
            for (int i = 0; i + 1 < symbols.Count; i++)
            {
                int rank = table.Rank(symbols[i], symbols[i + 1], out int slot);
                if (rank < bestRank) (best, bestRank, bestSlot) = (i, rank, slot);
            }

            if (best < 0) return [.. symbols];
            symbols[best] = table.Result(bestSlot);
            symbols.RemoveAt(best + 1);
        }
    }
}
