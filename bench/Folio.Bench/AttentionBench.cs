using System.Diagnostics;
using Folio.Compute;
using Folio.Compute.Cpu;

namespace Folio.Bench;

/// <summary>Speed of attention by itself: prompts beside the multiply-add peak, decoding beside the read bandwidth. Values are zero bits, but written: speed depends on where memory is, not on what is there.</summary>
internal static class AttentionBench
{
    private const int BlockSize = 16;
    private const double MeasureSeconds = 1;

    private static readonly (string Name, int Heads, int KvHeads, int HeadDim)[] s_shapes = [("SmolLM2-135M", 9, 3, 64), ("Llama-3.2-1B", 32, 8, 64), ("Llama-3.1-8B", 32, 8, 128)];

    /// <param name="rows">Sequences of a decoding step.</param>
    /// <param name="context">Tokens before it.</param>
    /// <param name="prefill">Tokens of prompts.</param>
    public static void Run(int? threads, DType[] types, int[] rows, int context, int[] prefill, double peak, double bandwidth)
    {
        Console.WriteLine($"\n{"model",-14}{"cache",-6}{"step",-20}{"ms",9}{"best ms",9}{"Gop/s",7}{"% peak",8}{"GB/s",7}{"% read",8}");
        foreach ((string name, int heads, int kvHeads, int headDim) in s_shapes)
        {
            foreach (DType type in types)
            {
                foreach (int tokens in prefill) Measure($"prompt of {tokens}", 1, tokens, 0);
                foreach (int count in rows) Measure($"{count} after {context}", count, 1, context);

                void Measure(string step, int sequences, int tokens, int start)
                {
                    using var backend = new CpuBackend(threads);
                    int blocksEach = (start + tokens + BlockSize - 1) / BlockSize;
                    var shape = new KvCacheShape(1, kvHeads, headDim, BlockSize, blocksEach * sequences, type);
                    long layerBytes = backend.KvBytesPerBlock(shape) * shape.Blocks;
                    int layers = (int)Math.Clamp((128L << 20) / layerBytes, 1, 32); // more than the caches hold, as a model's layers are
                    KvCache cache = backend.AllocateKvCache(shape with { Layers = layers });
                    var batch = new StepBatch(sequences * tokens, sequences, blocksEach);
                    for (int s = 0; s < sequences; s++) batch.Add(new int[tokens], start, [.. Enumerable.Range(s * blocksEach, blocksEach)], BlockSize, start + tokens);
                    Tensor q = backend.Allocate(batch.Tokens, heads * headDim), k = backend.Allocate(shape.Blocks * BlockSize, kvHeads * headDim), y = backend.Allocate(batch.Tokens, heads * headDim);
                    for (int layer = 0; layer < layers; layer++) backend.StoreKv(cache, layer, k, k, Enumerable.Range(0, k.Rows).ToArray());

                    var times = new List<double>();
                    for (long begin = Stopwatch.GetTimestamp(); times.Count < 3 * layers || Stopwatch.GetElapsedTime(begin).TotalSeconds < MeasureSeconds;)
                    {
                        long before = Stopwatch.GetTimestamp();
                        backend.Attention(cache, times.Count % layers, q, batch, new(heads, 0.125f), y);
                        times.Add(Stopwatch.GetElapsedTime(before).TotalSeconds);
                    }

                    times.Sort();
                    double median = times[times.Count / 2], keys = sequences * (tokens * (double)start + tokens * (tokens + 1.0) / 2);
                    double gops = 4 * keys * heads * headDim / median / 1e9, rate = layerBytes / median / 1e9;
                    Console.WriteLine($"{name,-14}{type,-6}{step,-20}{median * 1e3,9:F3}{times[0] * 1e3,9:F3}{gops,7:F0}{gops / peak,8:P0}{rate,7:F1}{rate / bandwidth,8:P0}");
                }
            }
        }
    }
}
