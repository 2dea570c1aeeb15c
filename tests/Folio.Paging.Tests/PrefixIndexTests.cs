namespace Folio.Paging.Tests;

public sealed class PrefixIndexTests
{
    private const int BlockSize = 4;
    private readonly CopyList _copies = new(8);

    [Theory]
    [InlineData(16, 16, 16)]
    [InlineData(16, 15, 12)] // the last-token rule: a caller that must compute the last token asks for all before it
    [InlineData(18, 17, 16)]
    [InlineData(18, 3, 0)]
    [InlineData(3, 3, 0)]
    public void A_prompt_hits_the_full_blocks_up_to_the_limit_that_the_caller_chose(int prompt, int limit, int expected)
    {
        BlockPool pool = Pool(10);
        int[] tokens = Tokens(prompt);
        int ns = pool.Prefixes!.Enter("");
        Cache(pool, tokens, ns);

        var table = new BlockTable(pool);
        Assert.Equal((expected / BlockSize, 0), pool.Prefixes.Peek(tokens.AsSpan(0, limit), ns));
        Assert.Equal(expected, table.Match(tokens.AsSpan(0, limit), ns));

        Assert.Equal(expected, table.Tokens);
        Assert.Equal(expected / BlockSize, table.Indexed);
        Assert.Equal((expected / BlockSize, expected / BlockSize), pool.Prefixes.Peek(tokens.AsSpan(0, limit), ns));
        pool.Verify([table]);
    }

    [Fact]
    public void A_prompt_hits_only_up_to_its_first_other_token()
    {
        BlockPool pool = Pool(10);
        int[] tokens = Tokens(16);
        int ns = pool.Prefixes!.Enter("");
        Cache(pool, tokens, ns);
        tokens[9] = 99;

        Assert.Equal(8, new BlockTable(pool).Match(tokens, ns));
    }

    [Fact]
    public void Equal_blocks_after_different_prefixes_are_different_blocks()
    {
        BlockPool pool = Pool(10);
        int ns = pool.Prefixes!.Enter("");
        Cache(pool, [1, 1, 1, 1, 5, 5, 5, 5], ns);
        Cache(pool, [2, 2, 2, 2], ns);

        Assert.Equal(4, new BlockTable(pool).Match([2, 2, 2, 2, 5, 5, 5, 5], ns));
        Assert.Equal(0, new BlockTable(pool).Match([5, 5, 5, 5], ns));
    }

    [Fact]
    public void Nothing_is_found_inside_a_block()
    {
        BlockPool pool = Pool(10);
        int[] tokens = Tokens(16);
        int ns = pool.Prefixes!.Enter("");
        Cache(pool, tokens, ns);
        var table = new BlockTable(pool);
        table.TryAppend(2, _copies);

        Assert.Equal(0, table.Match(tokens, ns));
        table.Index(tokens, ns, merge: true);
        Assert.Equal(0, table.Indexed);
        pool.Verify([table]);
    }

    [Fact]
    public void Evicted_are_unknown_blocks_first_then_the_least_recently_released_tails_before_heads()
    {
        BlockPool pool = Pool(8);
        int ns = pool.Prefixes!.Enter("");
        var unknown = new BlockTable(pool);
        unknown.TryAppend(8, _copies); // blocks 0, 1
        int[] first = Cache(pool, Tokens(12), ns);
        int[] second = Cache(pool, [7, 7, 7, 7, 8, 8, 8, 8, 9, 9, 9, 9], ns);
        unknown.Free();
        new BlockTable(pool).Touch(Tokens(12), ns); // used again: the first are now the more recent

        var table = new BlockTable(pool);
        table.TryAppend(8 * BlockSize, _copies);

        Assert.Equal([0, 1, .. second.Reverse(), .. first.Reverse()], table.Blocks);
        Assert.Equal((0, 0), (pool.Cached, pool.Prefixes.Count));
        pool.Verify([table]);
    }

    [Fact]
    public void What_was_hit_is_not_evicted_by_the_same_allocation()
    {
        BlockPool pool = Pool(4);
        int ns = pool.Prefixes!.Enter("");
        int[] cached = Cache(pool, Tokens(8), ns);
        var table = new BlockTable(pool);
        table.Match(Tokens(8), ns);

        Assert.True(table.TryAppend(8, _copies));

        Assert.Equal(cached, table.Blocks[..2]);
        pool.Verify([table]);
    }

    [Fact]
    public void An_allocation_that_fails_after_a_hit_leaves_the_cache_as_it_was()
    {
        BlockPool pool = Pool(4);
        int ns = pool.Prefixes!.Enter("");
        Cache(pool, Tokens(8), ns);
        var other = new BlockTable(pool);
        other.TryAppend(4, _copies);
        var table = new BlockTable(pool);
        table.Match(Tokens(8), ns);

        Assert.False(table.TryAppend(8, _copies));
        table.Free();

        Assert.Equal((3, 2), (pool.Free, pool.Cached));
        Assert.Equal((2, 0), pool.Prefixes.Peek(Tokens(8), ns));
        pool.Verify([other]);
    }

    [Fact]
    public void Blocks_of_one_step_that_are_equal_are_held_once()
    {
        BlockPool pool = Pool(10);
        int ns = pool.Prefixes!.Enter("");
        BlockTable first = Computed(pool, Tokens(10), ns), second = new(pool);

        Assert.Equal(8, second.Match(Tokens(9), ns));
        second.TryAppend(2, _copies);

        Assert.Equal(4, pool.Used);
        pool.Verify([first, second]);
    }

    [Fact]
    public void A_block_computed_twice_is_merged_at_commit_and_not_before()
    {
        BlockPool pool = Pool(10);
        int ns = pool.Prefixes!.Enter("");
        BlockTable first = Computed(pool, Tokens(8), ns), second = new(pool);
        second.Match(Tokens(8).AsSpan(0, 7), ns);
        second.TryAppend(4, _copies); // the last-token rule: it computes a block that is there

        second.Index(Tokens(8), ns, merge: false);
        Assert.Equal((1, 3), (second.Indexed, pool.Used));
        second.Index(Tokens(8), ns, merge: true);

        Assert.Equal((2, 2), (second.Indexed, pool.Used));
        Assert.Equal(first.Blocks, second.Blocks);
        pool.Verify([first, second]);
    }

    [Fact]
    public void What_a_failed_step_had_indexed_is_gone_with_all_that_followed_it()
    {
        BlockPool pool = Pool(10);
        int ns = pool.Prefixes!.Enter("");
        BlockTable first = Computed(pool, Tokens(8), ns), second = new(pool);
        second.Match(Tokens(8), ns);
        second.TryAppend(4, _copies);
        second.Index(Tokens(12), ns, merge: false);

        first.Unindex(fromToken: 4);

        Assert.Equal((1, 1), (first.Indexed, second.Indexed));
        Assert.Equal((1, 1), pool.Prefixes.Peek(Tokens(12), ns));
        Assert.Equal(0, second.Match(Tokens(12), ns));
        pool.Verify([first, second]);
    }

    [Fact]
    public void After_a_reset_nothing_is_found_and_what_was_held_stays_unknown_until_it_was_given_up()
    {
        BlockPool pool = Pool(10);
        int ns = pool.Prefixes!.Enter("");
        BlockTable table = Computed(pool, Tokens(8), ns);
        Cache(pool, [9, 9, 9, 9], ns);

        pool.Prefixes.Reset();
        table.TryAppend(4, _copies);
        table.Index(Tokens(12), ns, merge: true);

        Assert.Equal((0, 0, 0), (table.Indexed, pool.Prefixes.Count, pool.Cached));
        pool.Verify([table]);
        table.Free();
        table.TryAppend(12, _copies);
        table.Index(Tokens(12), ns, merge: true);
        Assert.Equal(3, table.Indexed);
        pool.Verify([table]);
    }

    [Fact]
    public void Steady_state_touches_no_managed_heap()
    {
        BlockPool pool = Pool(40);
        var map = new BlockMap(40);
        var host = new BlockPool(40, BlockSize);
        BlockTable first = new(pool), second = new(pool), away = new(host);
        foreach (BlockTable table in new[] { first, second, away }) table.Reserve(40);
        _copies.Truncate(0);
        var copies = new CopyList(64);
        int[] tokens = Tokens(60);
        for (int round = 0; round < 50; round++) Round(round); // namespaces and buckets have met all that will come
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < 500; round++) Round(round);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Round(int round)
        {
            copies.Truncate(0);
            map.Clear();
            int ns = pool.Prefixes!.Enter("someone");
            tokens[20] = round;
            pool.Prefixes.Peek(tokens, ns);
            first.Match(tokens, ns);
            first.TryAppend(60 - first.Tokens, copies);
            first.Index(tokens, ns, merge: true);
            second.ForkFrom(first);
            second.TryAppend(10, copies);
            first.Free();
            map.CountUnique(second);
            map.Clear();
            second.MoveTo(away, map, copies);
            map.Clear();
            second.Match(tokens, ns);
            away.MoveTo(second, map, copies);
            if (round % 10 == 9) second.Unindex(20);
            if (round % 50 == 49) pool.Prefixes.Reset();
            second.Free();
            pool.Prefixes.Leave(ns);
        }
    }

    private static BlockPool Pool(int blocks) => new(blocks, BlockSize, prefixCaching: true);

    private static int[] Tokens(int count) => [.. Enumerable.Range(1, count)];

    /// <summary>A table that holds and has indexed these tokens.</summary>
    private BlockTable Computed(BlockPool pool, int[] tokens, int ns)
    {
        var table = new BlockTable(pool);
        Assert.True(table.TryAppend(tokens.Length, _copies));
        table.Index(tokens, ns, merge: false);
        return table;
    }

    /// <summary>Leaves these tokens in the cache.</summary>
    /// <returns>The blocks of the full ones.</returns>
    private int[] Cache(BlockPool pool, int[] tokens, int ns)
    {
        BlockTable table = Computed(pool, tokens, ns);
        int[] blocks = table.Blocks[..table.Indexed].ToArray();
        table.Free();
        return blocks;
    }
}

internal static class BlockTableExtensions
{
    /// <summary>Hits and releases.</summary>
    public static void Touch(this BlockTable table, int[] tokens, int ns)
    {
        table.Match(tokens, ns);
        table.Free();
    }
}
