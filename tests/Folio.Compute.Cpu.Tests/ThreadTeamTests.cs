namespace Folio.Compute.Cpu.Tests;

public sealed class ThreadTeamTests
{
    private unsafe struct AddItem : IParallelJob
    {
        public long* Sums;    // [threads · 16] one cache-line-spaced sum a worker
        public int* Visits;   // [items]

        public readonly void Run(int item, int worker)
        {
            Sums[worker * 16] += item;
            if (Visits != null) Interlocked.Increment(ref Visits[item]);
        }
    }

    /// <summary>Notes in which order the caller ran its items. It begins once the other worker has; that one stands still in its first item until all others are done.</summary>
    private unsafe struct StandStill : IParallelJob
    {
        public int* Callers; // items in the caller's order
        public int* Ran;     // how many those are
        public int* Others;  // the other worker's item; −1: it hasn't begun
        public int Items;

        public readonly void Run(int item, int worker)
        {
            if (worker == 1)
            {
                Volatile.Write(ref *Others, item);
                while (Volatile.Read(ref *Ran) < Items - 1) Thread.Yield();
                return;
            }

            while (Volatile.Read(ref *Others) < 0) Thread.Yield();
            Callers[*Ran] = item;
            Volatile.Write(ref *Ran, *Ran + 1);
        }
    }

    [Fact]
    public unsafe void A_thread_runs_its_own_range_upwards_then_what_others_have_not_begun_from_their_end()
    {
        const int items = 100;
        using var team = new ThreadTeam(2);
        int* callers = stackalloc int[items];
        for (int run = 0; run < 50; run++)
        {
            int ran = 0, others = -1;
            team.Run(items, new StandStill { Callers = callers, Ran = &ran, Others = &others, Items = items });
            Assert.Equal(50, others);
            Assert.Equal([.. Enumerable.Range(0, 50), .. Enumerable.Range(51, 49).Reverse()], new Span<int>(callers, ran).ToArray());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public unsafe void Every_item_runs_exactly_once(int threads)
    {
        const int most = 1000;
        using var team = new ThreadTeam(threads);
        long* sums = stackalloc long[threads * 16];
        int* visits = stackalloc int[most];
        foreach (int items in (int[])[0, 1, 2, 3, 7, most])
        {
            new Span<long>(sums, threads * 16).Clear();
            new Span<int>(visits, most).Clear();
            team.Run(items, new AddItem { Sums = sums, Visits = visits });

            for (int item = 0; item < most; item++) Assert.Equal(item < items ? 1 : 0, visits[item]);
            Assert.Equal((long)items * (items - 1) / 2, Total(sums, threads));
        }
    }

    [Fact]
    public unsafe void Many_tiny_runs_one_after_the_other_lose_nothing()
    {
        using var team = new ThreadTeam(3);
        long* sums = stackalloc long[3 * 16];
        new Span<long>(sums, 3 * 16).Clear();
        for (int run = 0; run < 20_000; run++) team.Run(4, new AddItem { Sums = sums });
        Assert.Equal(20_000L * 6, Total(sums, 3));
    }

    [Fact]
    public async Task Two_teams_work_at_once()
    {
        long[] sums = await Task.WhenAll(Task.Run(SumOfRuns), Task.Run(SumOfRuns));
        Assert.Equal([2_000L * 45, 2_000L * 45], sums);

        static unsafe long SumOfRuns()
        {
            using var team = new ThreadTeam(2);
            long* sums = stackalloc long[2 * 16];
            new Span<long>(sums, 2 * 16).Clear();
            for (int run = 0; run < 2_000; run++) team.Run(10, new AddItem { Sums = sums });
            return Total(sums, 2);
        }
    }

    [Fact]
    public unsafe void A_team_that_fell_asleep_wakes_for_the_next_job()
    {
        using var team = new ThreadTeam(3);
        long* sums = stackalloc long[3 * 16];
        new Span<long>(sums, 3 * 16).Clear();
        for (int run = 0; run < 20; run++)
        {
            Thread.Sleep(run);
            team.Run(100, new AddItem { Sums = sums });
        }

        Assert.Equal(20L * 4950, Total(sums, 3));
    }

    [Fact]
    public unsafe void A_running_team_allocates_nothing()
    {
        using var team = new ThreadTeam(2);
        long* sums = stackalloc long[2 * 16];
        team.Run(4, new AddItem { Sums = sums });
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int run = 0; run < 100; run++) team.Run(4, new AddItem { Sums = sums });
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static unsafe long Total(long* sums, int threads)
    {
        long total = 0;
        for (int worker = 0; worker < threads; worker++) total += sums[worker * 16];
        return total;
    }
}
