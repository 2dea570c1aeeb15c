using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Interop;
using Folio.Compute.Cuda.Tests.Emulation;

namespace Folio.Compute.Cuda.EmulatedDriver.Tests;

/// <summary>Cards that compute together, each with a thread of its own; emulated ones are one.</summary>
public sealed unsafe class CardGroupTests
{
    private const int Count = 100;

    public CardGroupTests() => EmulatedCuda.Require();

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3)]
    public void All_get_the_sum_of_what_each_streams_work_has_made_by_then(int ranks) => OnRanks(ranks, (context, group, rank) =>
    {
        nint pinned = context.AllocatePinned(Count * sizeof(float), "values"), x = context.Allocate(Count * sizeof(float), "values");
        var values = new Span<float>((void*)pinned, Count);
        context.Upload(x, (void*)pinned, Count * sizeof(float));
        for (int i = 0; i < Count; i++) values[i] = rank * 1000 + i; // read by the card when its turn comes
        group.Sum(x, Count);
        group.Sum(x + 4 * sizeof(float), 1); // of sums
        context.Download((void*)pinned, x, Count * sizeof(float));
        CudaContext.Synchronize(context.Stream);
        for (int i = 0; i < Count; i++) Assert.Equal((ranks * i + 1000 * ranks * (ranks - 1) / 2) * (i == 4 ? ranks : 1), values[i]);
    });

    [Fact]
    public void Nothing_is_summed_before_the_last_has_come()
    {
        using var summed = new CountdownEvent(2);
        OnRanks(2, (context, group, rank) =>
        {
            nint x = context.AllocateZeroed(sizeof(float), "a value");
            if (rank == 1)
            {
                Assert.False(summed.Wait(TimeSpan.FromMilliseconds(100)));
                Assert.Equal(2, summed.CurrentCount);
            }

            group.Sum(x, 1);
            summed.Signal();
        });
    }

    [Fact]
    public void Who_asks_for_another_sum_than_the_others_is_told_and_leaves()
    {
        OnRanks(2, (context, group, rank) =>
        {
            nint x = context.AllocateZeroed(2 * sizeof(float), "values");
            var error = Assert.Throws<CudaException>(() => group.Sum(x, 1 + rank));
            Assert.Equal("ncclAllReduce failed: invalid usage.", error.Message);
        });
    }

    [Fact]
    public void A_group_that_was_never_made_is_not_joined()
    {
        using var context = new CudaContext(0);
        var error = Assert.Throws<CudaException>(() => new CardGroup(context, default, ranks: 1, rank: 0));
        Assert.Equal("ncclCommInitRank of rank 0 of 1 failed: invalid argument.", error.Message);
    }

    private static void OnRanks(int ranks, Action<CudaContext, CardGroup, int> body)
    {
        Nccl.GroupId id = Nccl.NewId();
        var errors = new Exception?[ranks];
        Thread[] threads = [.. Enumerable.Range(0, ranks).Select(rank => new Thread(() => errors[rank] = Record.Exception(() =>
        {
            using var context = new CudaContext(0);
            using var group = new CardGroup(context, id, ranks, rank);
            body(context, group, rank);
        })) { IsBackground = true })];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) Assert.True(thread.Join(TimeSpan.FromSeconds(30)), "a rank waits for ever");
        Assert.All(errors, Assert.Null);
    }
}
