namespace Folio.Paging.Tests;

public sealed class BlockTableTests
{
    [Fact]
    public void Blocks_are_taken_when_tokens_need_them_and_not_before()
    {
        var pool = new BlockPool(blocks: 10, blockSize: 4);
        var table = new BlockTable(pool);
        var copies = new CopyList(4);
        for (int tokens = 1; tokens <= 40; tokens++)
        {
            Assert.True(table.TryAppend(1, copies));
            Assert.Equal((tokens + 3) / 4, pool.Used);
        }

        Assert.Equal(0, copies.Count);
        pool.Verify([table]);
    }

    [Fact]
    public void An_append_that_does_not_fit_changes_nothing()
    {
        var pool = new BlockPool(blocks: 3, blockSize: 4);
        var table = new BlockTable(pool);
        var copies = new CopyList(4);
        Assert.True(table.TryAppend(5, copies));

        Assert.False(table.TryAppend(8, copies));

        Assert.Equal(5, table.Tokens);
        Assert.Equal(1, pool.Free);
        pool.Verify([table]);
        Assert.True(table.TryAppend(7, copies));
    }

    [Fact]
    public void A_fork_shares_every_block_and_takes_none()
    {
        var pool = new BlockPool(blocks: 2, blockSize: 4);
        var parent = new BlockTable(pool);
        parent.TryAppend(7, new CopyList(1));
        Assert.Equal(0, pool.Free);

        BlockTable[] children = [.. Enumerable.Range(0, 50).Select(_ => new BlockTable(pool))];
        foreach (BlockTable child in children) child.ForkFrom(parent);

        Assert.All(children, child => Assert.Equal(parent.Blocks.ToArray(), child.Blocks.ToArray()));
        Assert.All(children, child => Assert.Equal(7, child.Tokens));
        Assert.Equal(51, pool.References(parent.Blocks[1]));
        pool.Verify([parent, .. children]);
    }

    [Theory]
    [InlineData(2, 7, 1)]
    [InlineData(4, 7, 3)]
    [InlineData(6, 5, 5)]
    [InlineData(2, 8, 0)]
    [InlineData(6, 8, 0)]
    public void N_samples_copy_n_minus_one_blocks_when_the_prompt_ends_inside_a_block_and_none_otherwise(int samples, int prompt, int expected)
    {
        var pool = new BlockPool(blocks: 20, blockSize: 4);
        var copies = new CopyList(8);
        BlockTable[] tables = Samples(pool, samples, prompt, copies);
        for (int token = 0; token < 6; token++)
        {
            foreach (BlockTable table in tables) Assert.True(table.TryAppend(1, copies));
        }

        Assert.Equal(expected, copies.Count);
        Assert.Equal(expected, copies.Copies.ToArray().Select(copy => copy.Destination).Distinct().Count());
        pool.Verify(tables);
    }

    [Fact]
    public void The_copies_of_one_step_may_run_in_any_order()
    {
        var pool = new BlockPool(blocks: 20, blockSize: 4);
        var copies = new CopyList(8);
        foreach (BlockTable table in Samples(pool, 6, 7, copies)) table.TryAppend(1, copies);

        int[] sources = [.. copies.Copies.ToArray().Select(copy => copy.Source)];
        Assert.DoesNotContain(copies.Copies.ToArray(), copy => sources.Contains(copy.Destination));
    }

    [Fact]
    public void Freed_blocks_serve_again_the_last_freed_first()
    {
        var pool = new BlockPool(blocks: 6, blockSize: 1);
        var copies = new CopyList(1);
        var first = new BlockTable(pool);
        var second = new BlockTable(pool);
        first.TryAppend(2, copies);
        second.TryAppend(2, copies);
        int[] blocks = [.. second.Blocks, .. first.Blocks, 4, 5];
        first.Free();
        second.Free();

        var third = new BlockTable(pool);
        third.TryAppend(6, copies);

        Assert.Equal(blocks, third.Blocks);
    }

    [Fact]
    public void A_block_released_twice_is_an_error()
    {
        var pool = new BlockPool(blocks: 1, blockSize: 1);
        int block = pool.Allocate();
        pool.Release(block);
        Assert.Throws<InvalidOperationException>(() => pool.Release(block));
        Assert.Throws<InvalidOperationException>(() => pool.Share(block));
    }

    [Fact]
    public void A_reserved_range_is_filled_before_anything_is_allocated()
    {
        var pool = new BlockPool(blocks: 10, blockSize: 4);
        var copies = new CopyList(1);
        var table = new BlockTable(pool);
        table.TakeRange(first: 3, count: 2);
        Assert.Equal((0, 8), (table.Tokens, pool.Free));

        Assert.Equal(0, table.BlocksNeeded(8));
        Assert.True(table.TryAppend(5, copies));
        pool.Verify([table]);
        Assert.True(table.TryAppend(4, copies));

        Assert.Equal([3, 4, 0], table.Blocks);
        pool.Verify([table]);
        Assert.Throws<InvalidOperationException>(() => new BlockTable(pool).TakeRange(first: 4, count: 1));
        table.Free();
        pool.Verify([table]);
        Assert.Equal(10, pool.Free);
    }

    [Fact]
    public void A_fork_of_a_table_with_a_range_shares_what_has_tokens()
    {
        var pool = new BlockPool(blocks: 10, blockSize: 4);
        BlockTable table = new(pool), fork = new(pool);
        table.TakeRange(first: 3, count: 4);
        table.TryAppend(5, new CopyList(1));

        fork.ForkFrom(table);

        Assert.Equal([3, 4], fork.Blocks);
        pool.Verify([table, fork]);
    }

    [Fact]
    public void Steady_state_touches_no_managed_heap()
    {
        var pool = new BlockPool(blocks: 64, blockSize: 4);
        var copies = new CopyList(8);
        var parent = new BlockTable(pool);
        var child = new BlockTable(pool);
        parent.Reserve(32);
        child.Reserve(32);
        Round();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < 100; round++) Round();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Round()
        {
            copies.Truncate(0);
            parent.TryAppend(30, copies);
            child.ForkFrom(parent);
            for (int token = 0; token < 50; token++)
            {
                parent.TryAppend(1, copies);
                child.TryAppend(1, copies);
            }

            parent.Free();
            child.Free();
        }
    }

    private static BlockTable[] Samples(BlockPool pool, int samples, int prompt, CopyList copies)
    {
        var parent = new BlockTable(pool);
        parent.TryAppend(prompt, copies);
        BlockTable[] children = [.. Enumerable.Range(1, samples - 1).Select(_ => new BlockTable(pool))];
        foreach (BlockTable child in children) child.ForkFrom(parent);
        return [parent, .. children];
    }
}
