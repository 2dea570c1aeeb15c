using System.Runtime.InteropServices;

namespace Folio.Compute.Cpu.Tests.Attention;

public sealed class SwapTests
{
    public static TheoryData<KvCacheShape> Shapes =>
    [
        new KvCacheShape(Layers: 1, KvHeads: 1, HeadDim: 1, BlockSize: 1, Blocks: 9),
        new KvCacheShape(Layers: 3, KvHeads: 2, HeadDim: 24, BlockSize: 16, Blocks: 9),
        new KvCacheShape(Layers: 5, KvHeads: 3, HeadDim: 20, BlockSize: 7, Blocks: 9),
        new KvCacheShape(Layers: 2, KvHeads: 8, HeadDim: 128, BlockSize: 64, Blocks: 9),
        new KvCacheShape(Layers: 3, KvHeads: 2, HeadDim: 24, BlockSize: 16, Blocks: 9, DType.I8),
    ];

    [Theory, MemberData(nameof(Shapes))]
    public void Blocks_that_were_swapped_out_and_in_again_attend_as_before(KvCacheShape shape)
    {
        foreach (int threads in (int[])[1, 3])
        {
            using var backend = new CpuBackend(threads);
            KvCache cache = backend.AllocateKvCache(shape);
            using HostKvBlocks host = backend.AllocateHostBlocks(shape with { Blocks = 4 });
            Fill(backend, cache, seed: 1);
            float[][] before = Attend(backend, cache, [0, 5, 2]);

            backend.CopyToHost(cache, host, [new(0, 3), new(5, 0), new(2, 1)]);
            Fill(backend, cache, seed: 2);
            Assert.NotEqual(before, Attend(backend, cache, [0, 5, 2]));
            float[][] others = Attend(backend, cache, [0, 1, 2]);

            backend.CopyFromHost(cache, host, [new(3, 8), new(1, 3), new(0, 4)]);
            Assert.Equal(before, Attend(backend, cache, [8, 4, 3]));
            Assert.Equal(others, Attend(backend, cache, [0, 1, 2]));
        }
    }

    [Fact]
    public void One_slot_may_fill_many_blocks_and_one_block_many_slots()
    {
        var shape = new KvCacheShape(Layers: 2, KvHeads: 2, HeadDim: 16, BlockSize: 8, Blocks: 9);
        using var backend = new CpuBackend(threads: 2);
        KvCache cache = backend.AllocateKvCache(shape);
        using HostKvBlocks host = backend.AllocateHostBlocks(shape with { Blocks = 3 });
        Fill(backend, cache, seed: 1);
        float[][] before = Attend(backend, cache, [0, 1, 2]);

        backend.CopyToHost(cache, host, [new(1, 0), new(1, 2)]);
        Assert.Equal(host[0], host[2]);
        backend.CopyFromHost(cache, host, [new(0, 4), new(0, 5), new(2, 6)]);
        foreach (int copy in (int[])[4, 5, 6]) Assert.Equal(before, Attend(backend, cache, [0, copy, 2]));
    }

    [Fact]
    public void An_image_is_the_layers_of_its_block_and_may_be_kept_anywhere()
    {
        var shape = new KvCacheShape(Layers: 3, KvHeads: 1, HeadDim: 16, BlockSize: 16, Blocks: 9, DType.F32);
        using var backend = new CpuBackend(threads: 1);
        KvCache cache = backend.AllocateKvCache(shape);
        using HostKvBlocks host = backend.AllocateHostBlocks(shape with { Blocks = 2 });
        Assert.Equal(backend.KvBytesPerBlock(shape), host.BytesPerBlock);
        Fill(backend, cache, seed: 1);
        float[][] before = Attend(backend, cache, [0, 1, 2]);

        backend.CopyToHost(cache, host, [new(1, 0)]);
        byte[] kept = host[0].ToArray();
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(kept);
        for (int layer = 0; layer < 3; layer++)
        {
            // Keys of token 0 lie 16 tokens apart, channel by channel; its values lie together behind all keys (KvLayout).
            ReadOnlySpan<float> expected = Given.Values(9 * 16 * 16, seed: 100 + layer).AsSpan(16 * 16, 16);
            for (int channel = 0; channel < 16; channel++) Assert.Equal(expected[channel], values[layer * 512 + channel * 16]);
            Assert.Equal(Given.Values(9 * 16 * 16, seed: 200 + layer).AsSpan(16 * 16, 16), values.Slice(layer * 512 + 256, 16));
        }

        host[0].Clear();
        kept.CopyTo(host[1]);
        Fill(backend, cache, seed: 2);
        backend.CopyToHost(cache, host, []);
        backend.CopyFromHost(cache, host, [new(1, 1)]);
        Fill(backend, cache, seed: 1, except: 1);
        Assert.Equal(before, Attend(backend, cache, [0, 1, 2]));
    }

    [Fact]
    public void Slots_cost_nothing_until_they_are_used()
    {
        using var backend = new CpuBackend(threads: 1);
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        long before = process.WorkingSet64;
        using HostKvBlocks host = backend.AllocateHostBlocks(new(32, 8, 128, 16, 1000));
        process.Refresh();
        Assert.InRange(process.WorkingSet64 - before, long.MinValue, 500_000_000);
        host[999].Fill(1);
    }

    [Fact]
    public void Images_of_another_shape_and_blocks_beyond_the_pool_are_refused()
    {
        var shape = new KvCacheShape(Layers: 2, KvHeads: 2, HeadDim: 16, BlockSize: 8, Blocks: 4);
        using var backend = new CpuBackend(threads: 1);
        KvCache cache = backend.AllocateKvCache(shape);
        using HostKvBlocks host = backend.AllocateHostBlocks(shape with { Blocks = 2 }), other = backend.AllocateHostBlocks(shape with { Layers = 1 });
        Assert.Throws<ArgumentException>(() => backend.CopyToHost(cache, other, [new(0, 0)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => backend.CopyToHost(cache, host, [new(4, 0)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => backend.CopyToHost(cache, host, [new(0, 2)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => backend.CopyFromHost(cache, host, [new(-1, 0)]));
        Assert.Throws<FolioException>(() => backend.AllocateHostBlocks(new(Layers: 4096, KvHeads: 64, HeadDim: 128, BlockSize: 256, Blocks: 1)));
        host.Dispose();
        Assert.Throws<ObjectDisposedException>(() => backend.CopyToHost(cache, host, [new(0, 0)]));
    }

    /// <summary>Keys of layer l are Given.Values of seed 100 · seed + l, values those of 200 · seed + l.</summary>
    private static void Fill(CpuBackend backend, KvCache cache, int seed, int except = -1)
    {
        KvCacheShape shape = cache.Shape;
        int columns = shape.KvHeads * shape.HeadDim, tokens = shape.Blocks * shape.BlockSize;
        int[] written = [.. Enumerable.Range(0, tokens).Where(token => token / shape.BlockSize != except)];
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            backend.StoreKv(cache, layer, Rows(100 * seed + layer), Rows(200 * seed + layer), written);
        }

        Tensor Rows(int of)
        {
            float[] all = Given.Values(tokens * columns, of);
            return backend.Buffer([.. written.SelectMany(token => all.Skip(token * columns).Take(columns))], columns);
        }
    }

    /// <summary>[layers] what one query sees in these blocks, all full.</summary>
    private static float[][] Attend(CpuBackend backend, KvCache cache, int[] blocks)
    {
        KvCacheShape shape = cache.Shape;
        int columns = shape.KvHeads * shape.HeadDim, tokens = blocks.Length * shape.BlockSize;
        Tensor q = backend.Buffer(Given.Values(columns, 3), columns), y = backend.Allocate(1, columns);
        var batch = new StepBatch(1, 1, blocks.Length);
        batch.Add([0], tokens - 1, blocks, shape.BlockSize, tokens);
        var seen = new float[shape.Layers][];
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            backend.Attention(cache, layer, q, batch, new(shape.KvHeads, 0.3f), y);
            seen[layer] = backend.Read(y);
        }

        return seen;
    }
}
