namespace Folio.Compute.Cpu.Tests.Attention;

public sealed class AttentionTests
{
    private static readonly int[] Lengths = [1, 15, 16, 17, 70, 300, 531];

    private static AttentionScene Scene(int heads, int kvHeads, int headDim, int window = 0, float softCap = 0, DType type = DType.F32) =>
        new(Lengths, heads, kvHeads, headDim, new(heads, 1 / MathF.Sqrt(headDim), window, softCap), type: type);

    [Theory]
    [InlineData(9, 3, 64)]      // SmolLM2
    [InlineData(4, 4, 64)]
    [InlineData(14, 2, 64)]     // Qwen2
    [InlineData(8, 1, 128)]
    [InlineData(2, 2, 80)]
    [InlineData(6, 2, 12)]      // no whole vectors
    [InlineData(2, 1, 3)]
    public void Outputs_equal_plain_attention_for_any_shape_of_heads(int heads, int kvHeads, int headDim)
    {
        AttentionScene scene = Scene(heads, kvHeads, headDim);
        Close(scene.Expected(), scene.Run(threads: 2, blockSize: 16, chunk: 1000));
    }

    [Theory]
    [InlineData(9, 3, 64, DType.BF16)]
    [InlineData(2, 2, 80, DType.BF16)]
    [InlineData(6, 2, 12, DType.BF16)]
    [InlineData(9, 3, 64, DType.I8)]
    [InlineData(2, 2, 80, DType.I8)]
    [InlineData(6, 2, 12, DType.I8)]
    public void A_cache_of_16_or_8_bits_rounds_its_keys_and_values_and_nothing_else(int heads, int kvHeads, int headDim, DType type)
    {
        AttentionScene scene = Scene(heads, kvHeads, headDim, softCap: 3, type: type);
        Close(scene.Expected(), scene.Run(threads: 2, blockSize: 16, chunk: 1000));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(5, 0)]
    [InlineData(16, 0)]
    [InlineData(200, 0)]
    [InlineData(0, 1.5f)]
    [InlineData(40, 30)]
    public void Sliding_windows_and_soft_caps_equal_plain_attention(int window, float softCap)
    {
        AttentionScene scene = Scene(6, 2, 32, window, softCap);
        Close(scene.Expected(), scene.Run(threads: 2, blockSize: 16, chunk: 100));
    }

    [Theory]
    [InlineData(4, 4, 16)]
    [InlineData(12, 12, 32)]    // MiniLM
    public void Rows_see_all_of_their_text_where_attention_is_not_causal(int heads, int kvHeads, int headDim)
    {
        AttentionScene scene = new(Lengths, heads, kvHeads, headDim, new(heads, 1 / MathF.Sqrt(headDim), Causal: false), type: DType.F32);
        float[][] whole = scene.Run(threads: 2, blockSize: 16, chunk: 1000);
        Close(scene.Expected(), whole);
        Assert.Equal(whole, scene.Run(threads: 1, blockSize: 12, chunk: 1000, scattered: true));
    }

    [Theory]
    [InlineData(1, DType.F32)]
    [InlineData(8, DType.BF16)]
    [InlineData(8, DType.I8)]
    [InlineData(32, DType.I8)]
    [InlineData(12, DType.F32)]
    [InlineData(12, DType.BF16)]
    [InlineData(32, DType.F32)]
    [InlineData(128, DType.BF16)]
    [InlineData(512, DType.F32)]
    public void Any_block_size_gives_the_same_bits(int blockSize, DType type)
    {
        AttentionScene scene = Scene(6, 2, 32, window: 100, type: type);
        Assert.Equal(scene.Run(threads: 1, blockSize: 16, chunk: 1000), scene.Run(threads: 1, blockSize, chunk: 1000));
    }

    [Theory]
    [InlineData(0, DType.F32)]
    [InlineData(150, DType.F32)]
    [InlineData(0, DType.BF16)]
    [InlineData(150, DType.I8)]
    public void One_answer_however_it_was_chunked_threaded_and_placed(int window, DType type)
    {
        AttentionScene scene = Scene(9, 3, 24, window, type: type);
        float[][] whole = scene.Run(threads: 1, blockSize: 16, chunk: 1000);
        foreach (int threads in (int[])[1, 2, 3])
        {
            foreach (int chunk in (int[])[1, 7, 33, 1000]) Assert.Equal(whole, scene.Run(threads, blockSize: 16, chunk, scattered: true));
        }
    }

    [Theory]
    [InlineData(9, 3, 64)]
    [InlineData(6, 2, 12)]
    public void Every_level_gives_the_same_bits(int heads, int kvHeads, int headDim)
    {
        AttentionScene scene = Scene(heads, kvHeads, headDim, window: 200, type: DType.BF16);
        float[][] portable = scene.Run(threads: 2, blockSize: 16, chunk: 100, isa: CpuIsa.Portable);
        foreach (CpuIsa level in Enum.GetValues<CpuIsa>().Where(level => level.IsSupported())) Assert.Equal(portable, scene.Run(threads: 2, blockSize: 16, chunk: 100, isa: level));
    }

    [Fact]
    public void A_sequence_alone_has_the_bits_that_it_has_among_others()
    {
        AttentionScene scene = Scene(4, 2, 64);
        float[][] together = scene.Run(threads: 2, blockSize: 16, chunk: 50);
        for (int s = 0; s < Lengths.Length; s++) Assert.Equal(together[s], scene.Run(threads: 3, blockSize: 16, chunk: 128, only: s)[s]);
    }

    [Fact]
    public void One_long_decode_is_spread_over_threads_without_changing_a_bit()
    {
        var scene = new AttentionScene([1500], 4, 2, 32, new(4, 0.2f));
        Assert.Equal(scene.Run(threads: 1, blockSize: 16, chunk: 1499), scene.Run(threads: 3, blockSize: 16, chunk: 1499));
    }

    [Theory]
    [InlineData(0, DType.F32)]
    [InlineData(20, DType.BF16)]
    [InlineData(0, DType.I8)]
    [InlineData(20, DType.I8)]
    public void What_earlier_owners_left_in_a_block_is_never_seen(int window, DType type)
    {
        AttentionScene scene = Scene(4, 4, 20, window, type: type);
        float[][] clean = scene.Run(threads: 1, blockSize: 16, chunk: 9);
        Assert.Equal(clean, scene.Run(threads: 1, blockSize: 16, chunk: 9, poison: float.NaN));
        Assert.Equal(clean, scene.Run(threads: 2, blockSize: 32, chunk: 70, poison: float.PositiveInfinity));
    }

    [Fact]
    public void A_warm_backend_allocates_nothing()
    {
        using var backend = new CpuBackend(threads: 2);
        KvCache cache = backend.AllocateKvCache(new(1, 2, 32, 16, 40));
        Tensor q = backend.Buffer(Given.Values(600 * 128, 1), 128), k = backend.Buffer(Given.Values(600 * 64, 2), 64), y = backend.Allocate(600, 128);
        var batch = new StepBatch(600, 4, 40);
        batch.Add(new int[600], 0, [.. Enumerable.Range(0, 40)], 16, 600);

        long before = 0;
        for (int step = 0; step < 3; step++)
        {
            if (step == 1) before = GC.GetAllocatedBytesForCurrentThread();
            backend.StoreKv(cache, 0, k, k, batch.SlotMapping);
            backend.CopyBlocks(cache, [new(1, 39)]);
            backend.Attention(cache, 0, q, batch, new(4, 0.2f), y);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static void Close(double[][] expected, float[][] actual)
    {
        for (int s = 0; s < expected.Length; s++) Given.Close(expected[s], actual[s], 3e-6);
    }
}
