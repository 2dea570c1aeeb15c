namespace Folio.Engine.Tests.Swap;

public sealed class SwapPlanTests
{
    private const long KvBytes = 100_000, BytesPerBlock = 1000;

    [Fact]
    public void Unless_told_otherwise_the_host_holds_a_quarter_of_the_cache_and_no_file_is_made()
    {
        Assert.Equal(new(HostBlocks: 25, DiskBlocks: 0), Plan(new()));
        Assert.Equal(new(HostBlocks: 0, DiskBlocks: 0), SwapPlan.Create(new(), usual: 3000 / 4, BytesPerBlock, availableBytes: 1 << 20));
    }

    [Fact]
    public void Not_more_is_taken_unasked_than_there_is()
    {
        Assert.Equal(new(HostBlocks: 9, DiskBlocks: 0), SwapPlan.Create(new(), KvBytes / 4, BytesPerBlock, availableBytes: 9999));
        Assert.Equal(new(HostBlocks: 0, DiskBlocks: 0), SwapPlan.Create(new(), KvBytes / 4, BytesPerBlock, availableBytes: -5));
    }

    [Fact]
    public void Each_tier_has_the_blocks_that_fit_in_what_it_was_given()
    {
        Assert.Equal(new(HostBlocks: 7, DiskBlocks: 0), Plan(new() { SwapSpace = 7999 }));
        Assert.Equal(new(HostBlocks: 0, DiskBlocks: 0), Plan(new() { SwapSpace = 0, DiskSwapSpace = 5000 }));
        Assert.Equal(new(HostBlocks: 0, DiskBlocks: 5), Plan(new() { SwapSpace = 0, SwapDirectory = ".", DiskSwapSpace = 5000 }));
    }

    [Fact]
    public void Who_always_recomputes_needs_no_swap_space() =>
        Assert.Equal(default, Plan(new() { SwapSpace = 7999, SwapDirectory = ".", PreemptionMode = PreemptionMode.Recompute }));

    [Fact]
    public void What_cannot_be_is_refused_with_the_numbers()
    {
        Assert.Equal("--swap-space (SwapSpace) is 2 MiB; 1 MiB of memory are free beside the KV cache.", Refusal(new() { SwapSpace = 2 << 20 }));
        Assert.Equal("--swap-space (SwapSpace) is 999 bytes; one block takes 1000 bytes.", Refusal(new() { SwapSpace = 999 }));
        Assert.Equal("--disk-swap-space (DiskSwapSpace) is 999 bytes; one block takes 1000 bytes.", Refusal(new() { SwapDirectory = ".", DiskSwapSpace = 999 }));
    }

    private static SwapPlan Plan(EngineOptions options) => SwapPlan.Create(options, KvBytes / 4, BytesPerBlock, availableBytes: 1 << 20);

    private static string Refusal(EngineOptions options) => Assert.Throws<FolioException>(() => Plan(options)).Message;
}
