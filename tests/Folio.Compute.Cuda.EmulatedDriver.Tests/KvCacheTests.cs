using Folio.Compute.Cuda.EmulatedDriver.Tests.Models;
using Folio.Engine;

namespace Folio.Compute.Cuda.EmulatedDriver.Tests;

/// <summary>Caches of 8 bits through the backend.</summary>
public sealed class KvCacheTests
{
    [Fact]
    public void A_block_of_8_bits_costs_its_numbers_and_int8_its_scales()
    {
        using CudaBackend backend = CardRunner.Backend();
        var shape = new KvCacheShape(Layers: 30, KvHeads: 3, HeadDim: 64, BlockSize: 16, Blocks: 10);
        Assert.Equal(30 * 3 * 64 * 16 * 2 * sizeof(ushort), backend.KvBytesPerBlock(shape));
        Assert.Equal(30 * 3 * 64 * 16 * 2, backend.KvBytesPerBlock(shape with { Type = DType.F8_E4M3 }));
        Assert.Equal(30 * 3 * 16 * 2 * (64 + sizeof(float)), backend.KvBytesPerBlock(shape with { Type = DType.I8 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => backend.KvBytesPerBlock(shape with { Type = DType.F32 }));
    }

    [Theory]
    [InlineData(258), InlineData(63)]
    public void Heads_that_the_kernels_do_not_take_are_refused_as_soon_as_they_are_known(int headDim)
    {
        using CudaBackend backend = CardRunner.Backend();
        var refused = Assert.Throws<CudaException>(() => backend.KvBytesPerBlock(new(Layers: 1, KvHeads: 1, headDim, BlockSize: 16, Blocks: 1)));
        Assert.Equal($"the model's heads have {headDim} channels; the card's kernels take even numbers up to 256. The processor computes such a model.", refused.Message);
    }

    [Fact]
    public void A_cache_that_a_card_cannot_have_is_refused_before_the_weights_are_loaded()
    {
        using CudaBackend backend = CardRunner.Backend();
        long free = backend.AvailableMemory;
        var refused = Assert.Throws<FolioException>(() => LlmEngine.Load(TestData.Shared("golden", "llama"), backend, new EngineOptions { KvCacheType = DType.F32 }));
        Assert.Equal("--kv-cache-dtype (KvCacheType) is float32; on this device bfloat16, float16, int8 or fp8 was expected.", refused.Message);
        Assert.Equal(free, backend.AvailableMemory);
    }

    [Theory]
    [InlineData(DType.I8), InlineData(DType.F8_E4M3)]
    public void Copied_and_swapped_blocks_attend_like_their_sources(DType type)
    {
        const int heads = 2, headDim = 20, columns = heads * headDim, tokens = 8;
        var shape = new KvCacheShape(Layers: 2, heads, headDim, BlockSize: 5, Blocks: 5, type);
        using CudaBackend backend = CardRunner.Backend(DType.F32);
        KvCache cache = backend.AllocateKvCache(shape);
        backend.ReserveAttention(tokens, 1, heads, shape);
        Tensor[] rows = [.. Enumerable.Range(0, 3).Select(seed => Rows(seed))];
        int[] slots = [.. Enumerable.Range(0, tokens)];
        for (int layer = 0; layer < 2; layer++) backend.StoreKv(cache, layer, rows[layer], rows[1 - layer], slots);
        using HostKvBlocks host = backend.AllocateHostBlocks(shape with { Blocks = 2 });

        backend.CopyBlocks(cache, [new(0, 2)]);
        backend.CopyToHost(cache, host, [new(1, 1)]);
        backend.CopyFromHost(cache, host, [new(1, 4)]);

        for (int layer = 0; layer < 2; layer++)
        {
            Assert.Equal(Attend(layer, [0, 1]), Attend(layer, [2, 4]));
            Assert.NotEqual(Attend(layer, [0, 1]), Attend(layer, [1, 0]));
        }

        Tensor Rows(int seed)
        {
            var random = new Random(seed);
            Tensor x = backend.Allocate(tokens, columns);
            backend.Write(x, [.. Enumerable.Range(0, tokens * columns).Select(_ => (float)random.NextDouble() - 0.5f)]);
            return x;
        }

        float[] Attend(int layer, int[] blocks)
        {
            var batch = new StepBatch(tokens, 1, 2);
            batch.Add([0], tokens - 1, blocks, shape.BlockSize, tokens);
            Tensor y = backend.Allocate(1, columns);
            backend.Run(batch, step => backend.Attention(cache, layer, rows[2], step, new(heads, 0.3f), y));
            return backend.HostRow(y, 0).ToArray();
        }
    }
}
