namespace Folio.Engine.Tests;

/// <summary>The blocks of a search as the PagedAttention paper describes them.</summary>
public sealed class BeamSharingTests
{
    [Fact]
    public void Figure_9_frees_the_blocks_of_the_candidates_that_die_and_shares_the_others()
    {
        var engine = new StubEngine(blocks: 40, blockSize: 4) { Model = { Bend = Figure9 } };
        SequenceGroup group = engine.Submit(new() { Prompt = new[] { 30, 31, 32, 33 }, Sampling = new() { UseBeamSearch = true, N = 4, MaxTokens = 30, IgnoreEos = true, Seed = 0 } });
        while (group.Sequences[0].OutputLength < 12) engine.Run(1);

        // Four logical blocks each. All share the prompt's; candidates 0 to 2 share the next two and differ in the fourth; candidate 3 shares the prompt's alone.
        int[] c0 = Blocks(10), c1 = Blocks(11), c2 = Blocks(12), c3 = Blocks(9);
        Assert.All([c0, c1, c2, c3], table => Assert.Equal(4, table.Length));
        Assert.Equal(9, engine.Pool.Used);
        Assert.Equal(4, engine.Pool.References(c0[0]));
        Assert.Equal([3, 3], c0[1..3].Select(engine.Pool.References));
        Assert.Equal(c0[..3], c1[..3]);
        Assert.Equal(c0[..3], c2[..3]);
        Assert.Equal([c0[0]], c3.Intersect(c0));

        // The next four all come from candidates 1 and 2: the paper's blocks 2, 4, 5 and 8 are free.
        engine.Run(1);
        Assert.Equal(5, engine.Pool.Used);
        Assert.Equal([0, 0, 0, 0], new[] { c3[1], c3[2], c3[3], c0[3] }.Select(engine.Pool.References));
        Assert.Equal([4, 4, 4, 2, 2], new[] { c0[0], c0[1], c0[2], c1[3], c2[3] }.Select(engine.Pool.References));

        // Each gets a new block, the paper's 9 to 12, and nothing is copied: all that is shared is full.
        int copied = engine.Model.CopiedBlocks;
        engine.Run(1);
        Assert.Equal(9, engine.Pool.Used);
        Assert.Equal(4, group.Sequences.Select(beam => beam.Table.Blocks[4]).Distinct().Count());
        Assert.Equal(copied, engine.Model.CopiedBlocks);
        engine.RunToEnd();

        int[] Blocks(int ninth) => group.Sequences.Single(beam => beam.Output[8] == ninth).Table.Blocks.ToArray();
    }

    [Fact]
    public void A_step_copies_at_most_one_block_for_each_beam_in_one_call()
    {
        var engine = new StubEngine(blockSize: 4);
        SequenceGroup group = engine.Submit(new() { Prompt = new[] { 1, 2, 3, 4, 5, 6 }, Sampling = new() { UseBeamSearch = true, N = 6, MaxTokens = 60, IgnoreEos = true, Seed = 0 } });
        while (group.State != GroupState.Finished)
        {
            (int copied, int calls) = (engine.Model.CopiedBlocks, engine.Model.CopyCalls);
            engine.Run(1);
            Assert.InRange(engine.Model.CopiedBlocks - copied, 0, 5); // the last that holds a shared block writes it in place
            Assert.InRange(engine.Model.CopyCalls - calls, 0, 1);
        }

        Assert.True(engine.Model.CopiedBlocks > 0);
    }

    /// <summary>
    /// The first token begins four families; 1 is the likeliest, 2 the next. With the ninth token family 1 goes on as three (10, 11, 12: candidates 0 to 2), family 2 as
    /// one (9: candidate 3). With the 13th, candidates 1 and 2 have two children each, and 0 and 3 nothing as likely. Between, each has one.
    /// </summary>
    private static void Figure9(int[] tokens, float[] row)
    {
        const int prompt = 4;
        int next = tokens.Length - prompt + 1;
        row.AsSpan().Fill(-50);
        switch (next)
        {
            case 1:
                (row[1], row[2], row[3], row[4]) = (0, -1, -6, -7);
                break;
            case 9 when tokens[prompt] == 1:
                (row[10], row[11], row[12]) = (0, -0.1f, -0.2f);
                break;
            case 13 when tokens[prompt + 8] is 11 or 12:
                (row[13], row[14]) = (0, -0.1f);
                break;
            case 13:
                row.AsSpan().Clear();
                break;
            default:
                row[9] = 0;
                break;
        }
    }
}
