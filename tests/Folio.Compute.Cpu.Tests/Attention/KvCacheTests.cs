namespace Folio.Compute.Cpu.Tests.Attention;

public sealed class KvCacheTests
{
    [Fact]
    public void A_block_costs_its_keys_and_values_in_every_layer()
    {
        using var backend = new CpuBackend(threads: 1);
        var shape = new KvCacheShape(Layers: 30, KvHeads: 3, HeadDim: 64, BlockSize: 16, Blocks: 10);
        Assert.Equal(30 * 3 * 64 * 16 * 2 * sizeof(ushort), backend.KvBytesPerBlock(shape));
        Assert.Equal(30 * 3 * 64 * 16 * 2 * sizeof(float), backend.KvBytesPerBlock(shape with { Type = DType.F32 }));
        Assert.Equal(30 * 3 * 16 * 2 * (64 + sizeof(float)), backend.KvBytesPerBlock(shape with { Type = DType.I8 }));
        Assert.Equal(10 * backend.KvBytesPerBlock(shape), backend.AllocateKvCache(shape).Bytes);
    }

    [Fact]
    public void A_type_that_only_a_card_knows_is_refused()
    {
        using var backend = new CpuBackend(threads: 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => backend.KvBytesPerBlock(new(1, 1, 64, 16, 1, DType.F8_E4M3)));
        Assert.DoesNotContain(DType.F8_E4M3, backend.CacheTypes);
    }

    [Fact]
    public void A_large_pool_costs_nothing_until_it_is_used()
    {
        using var backend = new CpuBackend(threads: 1);
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        long before = process.WorkingSet64;
        KvCache cache = backend.AllocateKvCache(new(32, 8, 128, 16, 2000));
        process.Refresh();
        Assert.True(cache.Bytes > 4_000_000_000);
        Assert.InRange(process.WorkingSet64 - before, long.MinValue, 500_000_000);
    }

    [Fact]
    public void Copied_blocks_attend_like_their_sources()
    {
        const int kvHeads = 2, headDim = 24, columns = kvHeads * headDim, tokens = 40;
        using var backend = new CpuBackend(threads: 2);
        KvCache cache = backend.AllocateKvCache(new(Layers: 3, kvHeads, headDim, BlockSize: 16, Blocks: 8));
        Tensor k = backend.Buffer(Given.Values(tokens * columns, 1), columns), v = backend.Buffer(Given.Values(tokens * columns, 2), columns);
        Tensor q = backend.Buffer(Given.Values(columns, 3), columns);
        for (int layer = 0; layer < 3; layer++) backend.StoreKv(cache, layer, layer == 1 ? v : k, v, Enumerable.Range(0, tokens).ToArray());
        backend.CopyBlocks(cache, [new(0, 7), new(2, 5), new(1, 3)]);

        for (int layer = 0; layer < 3; layer++) Assert.Equal(Attend(layer, [0, 1, 2]), Attend(layer, [7, 3, 5]));
        Assert.NotEqual(Attend(0, [0, 1, 2]), Attend(1, [0, 1, 2]));

        float[] Attend(int layer, int[] blocks)
        {
            var batch = new StepBatch(1, 1, 3);
            batch.Add([0], tokens - 1, blocks, 16, tokens);
            Tensor y = backend.Allocate(1, columns);
            backend.Attention(cache, layer, q, batch, new(kvHeads, 0.3f), y);
            return backend.Read(y);
        }
    }
}
