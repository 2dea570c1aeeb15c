namespace Folio.Paging.Tests;

/// <summary>The walk-throughs of the PagedAttention paper (SOSP 2023) with its own block numbers, blocks of four tokens.</summary>
public sealed class PaperTests
{
    private readonly CopyList _copies = new(4);

    [Fact]
    public void Figure_8_two_samples_share_the_prompt_and_the_first_to_write_copies_its_last_block()
    {
        BlockPool pool = Pool(blocks: 9, next: [7, 1, 3]);
        BlockTable sampleA1 = new(pool), sampleA2 = new(pool);
        sampleA1.TryAppend(7, _copies); // "Four score and seven | years ago our"
        sampleA2.ForkFrom(sampleA1);
        Assert.Equal([7, 1], sampleA1.Blocks);
        Assert.Equal([7, 1], sampleA2.Blocks);
        Assert.Equal((2, 2), (pool.References(7), pool.References(1)));

        sampleA1.TryAppend(1, _copies); // "fathers": block 1 is shared, so it is copied to block 3 first
        Assert.Equal([7, 3], sampleA1.Blocks);
        Assert.Equal([new BlockCopy(1, 3)], _copies.Copies);
        Assert.Equal((2, 1, 1), (pool.References(7), pool.References(1), pool.References(3)));

        sampleA2.TryAppend(1, _copies); // "mothers": block 1 is its alone by now and written in place
        Assert.Equal([7, 1], sampleA2.Blocks);
        Assert.Equal(1, _copies.Count);
    }

    [Fact]
    public void Figure_9_beams_free_2_4_5_8_and_take_9_to_12()
    {
        var pool = new BlockPool(blocks: 13, blockSize: 4, prefixCaching: true); // freed blocks are kept while others are empty, as in the figure
        int ns = pool.Prefixes!.Enter("");
        BlockTable[] beams = [.. Enumerable.Range(0, 4).Select(_ => new BlockTable(pool))];
        int[][] texts = [[], [], [], []];
        Append(0);
        Fork(0, 1, 2, 3);
        for (int block = 0; block < 2; block++) // candidate 3 has left the others at the second block
        {
            Append(0, 3);
            Fork(0, 1, 2);
        }

        Append(0, 1, 2, 3);
        Assert.Equal([0, 1, 3, 5], beams[0].Blocks);
        Assert.Equal([0, 1, 3, 6], beams[1].Blocks);
        Assert.Equal([0, 1, 3, 7], beams[2].Blocks);
        Assert.Equal([0, 2, 4, 8], beams[3].Blocks);
        Assert.Equal(4, pool.Free);

        // The four best all come from candidates 1 and 2.
        Fork(1, 0);
        Fork(2, 3);
        Assert.Equal([2, 4, 5, 8], Enumerable.Range(0, 9).Where(block => pool.References(block) == 0));

        Append(0, 1, 2, 3);
        Assert.Equal([0, 1, 3, 6, 9], beams[0].Blocks);
        Assert.Equal([0, 1, 3, 6, 10], beams[1].Blocks);
        Assert.Equal([0, 1, 3, 7, 11], beams[2].Blocks);
        Assert.Equal([0, 1, 3, 7, 12], beams[3].Blocks);
        Assert.Equal([4, 4, 4, 2, 2], new[] { 0, 1, 3, 6, 7 }.Select(pool.References));
        Assert.Equal(0, _copies.Count);
        Assert.Equal((4, 4), (pool.Free, pool.Cached));
        pool.Verify(beams);

        void Append(params int[] which)
        {
            foreach (int beam in which)
            {
                texts[beam] = [.. texts[beam], .. Enumerable.Repeat(beam, 4)];
                beams[beam].TryAppend(4, _copies);
                beams[beam].Index(texts[beam], ns, merge: true);
            }
        }

        void Fork(int parent, params int[] children)
        {
            foreach (int child in children)
            {
                beams[child].Free();
                beams[child].ForkFrom(beams[parent]);
                texts[child] = texts[parent];
            }
        }
    }

    /// <summary>A pool whose free blocks are these, in this order.</summary>
    private static BlockPool Pool(int blocks, int[] next)
    {
        var pool = new BlockPool(blocks, blockSize: 4);
        for (int block = 0; block < blocks; block++) pool.AllocateAt(block);
        foreach (int block in next.Reverse()) pool.Release(block);
        return pool;
    }
}
