namespace Folio.Engine.Tests;

public sealed class MemoryPlanTests
{
    private const long BytesPerBlock = 16 * 1000;

    [Fact]
    public void A_number_of_blocks_is_taken_as_it_is()
    {
        MemoryPlan plan = Plan(new() { NumBlocks = 100, MaxModelLen = 400 });
        Assert.Equal((100, 1600L, 1_600_000L, 1000L, 4.0), (plan.Blocks, plan.Tokens, plan.KvBytes, plan.KvBytesPerToken, plan.ConcurrencyAtFullContext));
    }

    [Fact]
    public void A_memory_size_gives_the_blocks_that_fit() => Assert.Equal(62, Plan(new() { KvCacheMemory = 1_000_000, MaxModelLen = 400 }).Blocks);

    [Fact]
    public void Left_alone_it_takes_a_share_of_what_is_free_and_no_more_than_can_be_used()
    {
        Assert.Equal(250, Plan(new() { MaxNumSeqs = 10 }, available: 10_000_000).Blocks);
        Assert.Equal(2 * 63, Plan(new() { MaxNumSeqs = 2 }, available: 10_000_000_000).Blocks);
    }

    [Fact]
    public void The_context_shrinks_to_the_cache_unless_it_was_asked_for()
    {
        Assert.Equal(160, Plan(new() { NumBlocks = 10 }).MaxModelLen);
        FolioException refusal = Assert.Throws<FolioException>(() => Plan(new() { NumBlocks = 10, MaxModelLen = 200 }));
        Assert.Equal(
            "one sequence of 200 tokens needs 13 blocks of KV cache (203.1 KiB); there is room for 10 (156.3 KiB). Lower --max-model-len (MaxModelLen), or raise --kv-cache-memory (KvCacheMemory) or --num-blocks (NumBlocks).",
            refusal.Message);
    }

    [Fact]
    public void More_than_the_model_or_the_machine_has_is_refused()
    {
        Assert.Equal("--max-model-len (MaxModelLen) is 2000; this model's context is 1000 tokens.", Assert.Throws<FolioException>(() => Plan(new() { MaxModelLen = 2000 })).Message);
        Assert.Contains("--num-blocks", Assert.Throws<FolioException>(() => Plan(new() { NumBlocks = 100 }, available: 1_000_000)).Message, StringComparison.Ordinal);
        Assert.Throws<FolioException>(() => Plan(new(), available: 1000));
    }

    [Fact]
    public void Weights_and_buffers_that_do_not_fit_are_refused_with_the_numbers()
    {
        MemoryPlan.RequireWeights("model.gguf", 2048, 2048);
        Assert.Equal("model.gguf: its weights take 2 KiB; 1 KiB of memory are free.", Assert.Throws<FolioException>(() => MemoryPlan.RequireWeights("model.gguf", 2048, 1024)).Message);
        EngineOptions options = new() { MaxNumBatchedTokens = 64 };
        MemoryPlan.RequireSteps(2048, 2048, options);
        Assert.Equal(
            "the buffers for steps of 64 tokens take 2 KiB; 1 KiB of memory are free beside the weights. Lower --max-num-batched-tokens (MaxNumBatchedTokens).",
            Assert.Throws<FolioException>(() => MemoryPlan.RequireSteps(2048, 1024, options)).Message);
    }

    private static MemoryPlan Plan(EngineOptions options, long available = 1_000_000_000) => MemoryPlan.Create(weightBytes: 5, BytesPerBlock, contextLength: 1000, available, share: 0.4, options);
}
