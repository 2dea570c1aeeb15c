using Folio.Compute.Cpu;
using Folio.Compute.Cuda.Tests.Emulation;

namespace Folio.Compute.Cuda.Tests.Attention;

/// <summary>Attention's kernels, emulated, beside the CPU's over a cache of the same type.</summary>
public sealed class PagedAttentionTests
{
    private const int BlockSize = 16;

    [Theory]
    [InlineData(64, 6, 2, 0, 0, true)]
    [InlineData(64, 4, 4, 100, 0, true)]
    [InlineData(80, 4, 2, 0, 0, true)]
    [InlineData(128, 8, 1, 0, 5, true)]
    [InlineData(256, 2, 1, 270, 0, true)]
    [InlineData(64, 40, 1, 0, 0, true)]
    [InlineData(20, 4, 2, 0, 0, true)]
    [InlineData(64, 2, 2, 0, 0, false)]
    [InlineData(144, 2, 1, 0, 5, true, DType.I8)]
    [InlineData(80, 4, 2, 100, 0, true, DType.F8_E4M3)]
    public void Attention_equals_the_CPUs_up_to_the_rounding_of_queries_and_weights(int headDim, int heads, int kvHeads, int window, float softCap, bool causal, DType type = DType.BF16) =>
        Compare(new Scene([1, 19, 262], heads, kvHeads, headDim, type), new AttentionParameters(heads, 1 / MathF.Sqrt(headDim), window, softCap, causal), chunk: 262);

    [Theory]
    [InlineData(64, 6, 2, 0, 0, true)]
    [InlineData(64, 2, 2, 100, 0, true, DType.F16)]
    [InlineData(128, 3, 1, 0, 5, true)]
    [InlineData(128, 2, 2, 150, 0, true, DType.F16)]
    [InlineData(192, 2, 1, 0, 0, true)]
    [InlineData(256, 2, 1, 30, 5, true)]
    [InlineData(64, 40, 1, 0, 0, true)]
    [InlineData(64, 1, 1, 0, 0, false)]
    public void Warpgroups_attend_as_the_CPU_does(int headDim, int heads, int kvHeads, int window, float softCap, bool causal, DType type = DType.BF16) =>
        Compare(new Scene([2, 262], heads, kvHeads, headDim, type), new AttentionParameters(heads, 1 / MathF.Sqrt(headDim), window, softCap, causal), causal ? 140 : 262, sharesTiles: true, byWarpgroups: true);

    [Theory]
    [InlineData(262, 64, 6, 2, 0, 0)]
    [InlineData(262, 128, 8, 1, 0, 5)]
    [InlineData(130, 64, 40, 1, 0, 0)]
    [InlineData(262, 80, 4, 2, 150, 0)]
    [InlineData(67, 20, 2, 2, 0, 0, DType.F16)]
    [InlineData(262, 128, 9, 1, 0, 0, DType.I8)]
    [InlineData(262, 64, 2, 1, 0, 0, DType.F8_E4M3)]
    public void Warps_that_share_a_sequences_tiles_attend_as_the_CPU_does(int length, int headDim, int heads, int kvHeads, int window, float softCap, DType type = DType.BF16) =>
        Compare(new Scene([1, length], heads, kvHeads, headDim, type), new AttentionParameters(heads, 1 / MathF.Sqrt(headDim), window, softCap), chunk: length - 2, single: length - 2, sharesTiles: true);

    [Theory]
    [InlineData(64, 6, 2, 0, DType.BF16)]
    [InlineData(64, 6, 2, 60, DType.BF16)]
    [InlineData(256, 1, 1, 0, DType.BF16)]
    [InlineData(144, 2, 1, 60, DType.I8)]
    [InlineData(80, 2, 1, 0, DType.F8_E4M3)]
    public void A_rows_bits_are_the_same_in_prefill_in_decode_and_in_any_chunking(int headDim, int heads, int kvHeads, int window, DType type)
    {
        var parameters = new AttentionParameters(heads, 1 / MathF.Sqrt(headDim), window);
        var scene = new Scene([5, 266], heads, kvHeads, headDim, type);
        float[][] whole = scene.Emulated(parameters, chunk: 266);
        foreach ((int chunk, int single) in (ReadOnlySpan<(int, int)>)[(265, 0), (70, 0), (256, 262)])
        {
            float[][] chunked = scene.Emulated(parameters, chunk, single);
            for (int s = 0; s < whole.Length; s++) Assert.Equal(whole[s], chunked[s]);
        }
    }

    [Theory]
    [InlineData(64, 0)]
    [InlineData(256, 60)]
    public void A_rows_bits_by_warpgroups_are_the_same_in_any_chunking(int headDim, int window)
    {
        var parameters = new AttentionParameters(2, 1 / MathF.Sqrt(headDim), window);
        var scene = new Scene([5, 266], heads: 2, kvHeads: 1, headDim, DType.BF16);
        float[][] whole = scene.Emulated(parameters, chunk: 266, byWarpgroups: true), chunked = scene.Emulated(parameters, chunk: 70, byWarpgroups: true);
        for (int s = 0; s < whole.Length; s++) Assert.Equal(whole[s], chunked[s]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Threads_may_go_on_in_any_order(bool byWarpgroups)
    {
        var parameters = new AttentionParameters(2, 0.125f);
        var scene = new Scene([1, 80], heads: 2, kvHeads: 1, headDim: 64, DType.BF16);
        float[][] random = scene.Emulated(parameters, chunk: 79, byWarpgroups: byWarpgroups);
        foreach (ThreadOrder order in (ReadOnlySpan<ThreadOrder>)[ThreadOrder.Ascending, ThreadOrder.Descending])
        {
            float[][] ordered = scene.Emulated(parameters, chunk: 79, order: order, byWarpgroups: byWarpgroups);
            for (int s = 0; s < random.Length; s++) Assert.Equal(random[s], ordered[s]);
        }
    }

    private static void Compare(Scene scene, AttentionParameters parameters, int chunk, int single = int.MaxValue, bool sharesTiles = false, bool byWarpgroups = false)
    {
        float[][] expected = scene.OnCpu(parameters), actual = scene.Emulated(parameters, chunk, single, byWarpgroups: byWarpgroups, sharesTiles: sharesTiles);
        for (int s = 0; s < expected.Length; s++)
        {
            for (int i = 0; i < expected[s].Length; i++) Assert.True(Math.Abs(expected[s][i] - actual[s][i]) < 0.02, $"sequence {s}, value {i}: {expected[s][i]} on the CPU, {actual[s][i]} emulated");
        }
    }

    /// <summary>Sequences with known queries, keys and values.</summary>
    private sealed class Scene(int[] lengths, int heads, int kvHeads, int headDim, DType type)
    {
        private readonly float[][] _q = [.. lengths.Select((length, s) => Values(length * heads * headDim, 3 * s, DType.BF16))];
        private readonly float[][] _k = [.. lengths.Select((length, s) => Values(length * kvHeads * headDim, 3 * s + 1, type))];
        private readonly float[][] _v = [.. lengths.Select((length, s) => Values(length * kvHeads * headDim, 3 * s + 2, type))];

        private KvCacheShape Shape => new(2, kvHeads, headDim, BlockSize, lengths.Sum(length => length / BlockSize + 1), type);

        public float[][] OnCpu(AttentionParameters parameters)
        {
            using var backend = new CpuBackend(threads: 1);
            KvCache cache = backend.AllocateKvCache(type is DType.F8_E4M3 or DType.F16 ? Shape with { Type = DType.BF16 } : Shape); // which holds the same numbers
            return Run(lengths.Max(), lengths.Max(), (batch, q, k, v) =>
            {
                Tensor OnBackend(float[] values)
                {
                    Tensor x = backend.Allocate(batch.Tokens, values.Length / batch.Tokens);
                    backend.Write(x, values);
                    return x;
                }

                Tensor y = backend.Allocate(batch.Tokens, heads * headDim);
                backend.StoreKv(cache, 1, OnBackend(k), OnBackend(v), batch.Slots);
                backend.Attention(cache, 1, OnBackend(q), batch, parameters, y);
                float[] result = new float[q.Length];
                for (int row = 0; row < batch.Tokens; row++) backend.HostRow(y, row).CopyTo(result.AsSpan(row * y.Columns));
                return result;
            });
        }

        /// <param name="single">From this position on, tokens come one at a time: decode.</param>
        public float[][] Emulated(AttentionParameters parameters, int chunk, int single = int.MaxValue, ThreadOrder order = ThreadOrder.Random, bool byWarpgroups = false, bool sharesTiles = false)
        {
            using var attention = new EmulatedAttention(Shape, byWarpgroups, sharesTiles);
            return Run(chunk, single == 0 ? int.MaxValue : single, (batch, q, k, v) => attention.Run(batch, q, k, v, parameters, order));
        }

        private float[][] Run(int chunk, int single, Func<StepBatch, float[], float[], float[], float[]> step)
        {
            int blocksPerSequence = lengths.Max() / BlockSize + 1, next = 0;
            int[] order = [.. Enumerable.Range(0, Shape.Blocks)];
            new Random(5).Shuffle(order);
            int[][] tables = [.. lengths.Select(length => order.AsSpan((next += length / BlockSize + 1) - (length / BlockSize + 1), length / BlockSize + 1).ToArray())];
            var batch = new StepBatch(lengths.Sum(), lengths.Length, blocksPerSequence);
            float[][] outputs = [.. _q.Select(q => new float[q.Length])];
            for (int start = 0, count; start < lengths.Max(); start += count)
            {
                count = start >= single ? 1 : chunk;
                batch.Clear();
                (int Sequence, int Count)[] parts = [.. lengths.Select((length, s) => (s, Math.Min(count, length - start))).Where(part => part.Item2 > 0)];
                foreach ((int s, int tokens) in parts) batch.Add(new int[tokens], start, tables[s], BlockSize, lengths[s]);
                float[] Rows(float[][] all, int size) => [.. parts.SelectMany(part => all[part.Sequence].Skip(start * size).Take(part.Count * size))];
                float[] y = step(batch, Rows(_q, heads * headDim), Rows(_k, kvHeads * headDim), Rows(_v, kvHeads * headDim));
                int row = 0;
                foreach ((int s, int tokens) in parts)
                {
                    y.AsSpan(row * heads * headDim, tokens * heads * headDim).CopyTo(outputs[s].AsSpan(start * heads * headDim));
                    row += tokens;
                }
            }

            return outputs;
        }

        /// <summary>About normally distributed; numbers that bf16, or e4m3, holds exactly.</summary>
        private static float[] Values(int count, int seed, DType type)
        {
            var random = new Random(seed);
            int bits = type == DType.F8_E4M3 ? 3 : 7; // of the mantissa
            return [.. Enumerable.Range(0, count).Select(_ => Cut((float)(random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5) * 2))];

            float Cut(float x) => type == DType.F8_E4M3 && MathF.Abs(x) < 1 / 64f ? 0 : BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(x) & -1 << 23 - bits);
        }
    }
}
