namespace Folio.Simulation.Tests;

public sealed class BuddyAllocatorTests
{
    [Fact]
    public void Ranges_never_overlap_and_join_again_whatever_the_order()
    {
        for (ulong seed = 0; seed < 20; seed++)
        {
            var draws = new Draws(seed);
            int size = 1 + draws.NextIndex(500);
            var space = new BuddyAllocator(size);
            int largest = 1 << int.Log2(size);
            Assert.True(space.Holds(1, largest) && !space.Holds(2, largest) && !space.Holds(1, largest + 1), $"{size}");
            List<int> starts = [];
            for (int i = 0; i < 2000; i++)
            {
                if (draws.NextUniform() < 0.55 && space.Take(1 + draws.NextIndex(40)) is >= 0 and var start) starts.Add(start);
                else if (starts.Count > 0)
                {
                    int index = draws.NextIndex(starts.Count);
                    space.Release(starts[index]);
                    starts.RemoveAt(index);
                }

                if (i % 20 == 0) space.Verify();
            }

            foreach (int start in starts) space.Release(start);
            space.Verify();
            Assert.Equal(size, space.Free);
            Assert.True(space.Take(largest) >= 0, $"seed {seed}: halves have not joined");
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 8)]
    [InlineData(64, 64)]
    [InlineData(65, 128)]
    public void A_range_takes_the_next_power_of_two(int asked, int taken)
    {
        var space = new BuddyAllocator(1000);
        space.Take(asked);
        Assert.Equal(taken, space.Used);
    }

    /// <summary>The paper's mean batch of Orca (Max), 7.00, is what 15.7 thousand slots have room for.</summary>
    [Fact]
    public void The_papers_cache_holds_seven_sequences_of_full_length()
    {
        var space = new BuddyAllocator(Deployment.Opt13B.Blocks(16));
        int sequences = 0;
        while (space.Take(2048 / 16) >= 0) sequences++;
        Assert.Equal(7, sequences);
    }

    [Fact]
    public void A_range_that_is_given_back_twice_is_a_defect()
    {
        var space = new BuddyAllocator(16);
        int start = space.Take(4);
        space.Release(start);
        Assert.Throws<InvalidOperationException>(() => space.Release(start));
    }
}
