using System.Diagnostics;
using Folio.Compute;
using Folio.Compute.Cpu;
using Folio.Models;

namespace Folio.Bench;

/// <summary>Steps of a whole model without the engine: so many sequences of one token each after a context, or one prompt; and where the time goes.</summary>
internal static class StepBench
{
    private const int BlockSize = 16;

    /// <param name="rows">Sequences of a decoding step.</param>
    /// <param name="context">Tokens before it; of the prompt, where <paramref name="prefill"/> asks for one.</param>
    /// <returns>Seconds of the last of these steps, the median.</returns>
    public static double Run(string model, int? threads, CpuActivations? activations, DType kvType, int[] rows, int context, int[] prefill, int repeats, double bandwidth)
    {
        using var backend = new TimedBackend(new CpuBackend(threads, activations: activations));
        using ModelSource source = ModelSource.Open(model);
        TransformerDecoder decoder = TransformerDecoder.Load(source, backend);
        int most = Math.Max(rows.DefaultIfEmpty(0).Max(), prefill.DefaultIfEmpty(0).Max()), sequences = rows.DefaultIfEmpty(0).Append(1).Max();
        int blocksEach = (Math.Max(context, prefill.DefaultIfEmpty(0).Max()) + repeats + BlockSize) / BlockSize;
        decoder.Reserve(Math.Max(most, 512), sequences, sequences);
        KvCache cache = backend.AllocateKvCache(decoder.Spec.KvCacheShape(BlockSize, blocksEach * sequences, kvType));
        WrittenCache.Fill(backend, cache);
        var batch = new StepBatch(Math.Max(most, 512), sequences, blocksEach);
        Console.WriteLine($"{Path.GetFileName(model)}: {decoder.WeightBytes / 1e6:F0} MB packed, {kvType} cache, {backend.Description}");
        double last = 0;
        foreach (int tokens in prefill) Measure($"prefill {tokens}", tokens, 0, () => Add(1, tokens, 0));
        foreach (int count in rows) Measure($"decode {count} after {context}", count, decoder.WeightBytes, () => Add(count, 1, context));
        return last;

        void Add(int count, int tokens, int start)
        {
            batch.Clear();
            for (int s = 0; s < count; s++)
            {
                int row = batch.Add(new int[tokens], start, [.. Enumerable.Range(s * blocksEach, blocksEach)], BlockSize, start + tokens);
                batch.WantLogits(row + tokens - 1);
            }
        }

        void Measure(string title, int tokens, long bytes, Action prepare)
        {
            var seconds = new List<double>();
            prepare();
            for (var warm = Stopwatch.StartNew(); warm.Elapsed.TotalSeconds < 0.5;) decoder.Forward(batch, cache);
            var best = new Dictionary<string, double>();
            for (int i = 0; i < repeats; i++)
            {
                backend.Reset();
                long start = Stopwatch.GetTimestamp();
                decoder.Forward(batch, cache);
                seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
                foreach ((string op, double time) in backend.Times) best[op] = Math.Min(time, best.GetValueOrDefault(op, time));
            }

            seconds.Sort();
            double median = last = seconds[repeats / 2];
            string read = bytes > 0 ? $", weights at {bytes / median / 1e9:F1} GB/s, {bytes / median / 1e9 / bandwidth:P0} of the bandwidth" : "";
            Console.WriteLine($"\n{title}: {median * 1e3:F2} ms (best {seconds[0] * 1e3:F2}), {tokens / median:F0} tok/s (best {tokens / seconds[0]:F0}){read}");
            foreach ((string op, double time) in best.OrderByDescending(op => op.Value)) Console.WriteLine($"  {op,-22}{time * 1e3,9:F3} ms at best");
        }
    }
}
