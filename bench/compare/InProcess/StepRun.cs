using System.Diagnostics;
using Folio.Bench;
using Folio.Compute;
using Folio.Compute.Cpu;
using Folio.Models;

namespace Folio.Compare;

/// <summary>Steps of a model without an engine around it, the work of llama-bench and llama-batched-bench: no token is drawn.</summary>
internal sealed class StepRun : IDisposable
{
    private const int BlockSize = 16;
    private const double WarmUpSeconds = 0.7; // the runtime compiles loops that run often a second time

    private readonly CpuBackend _backend;
    private readonly TransformerDecoder _decoder;
    private readonly KvCache _cache;
    private readonly StepBatch _batch;
    private readonly int _blocksEach;

    /// <param name="sequences">At once.</param>
    /// <param name="tokens">Of each, context and all.</param>
    public StepRun(string model, int threads, int sequences, int tokens)
    {
        _backend = new(threads);
        using ModelSource source = ModelSource.Open(model);
        _decoder = TransformerDecoder.Load(source, _backend);
        _blocksEach = (tokens + BlockSize - 1) / BlockSize;
        int rows = Math.Max(tokens, sequences);
        _decoder.Reserve(rows, sequences, sequences);
        _cache = _backend.AllocateKvCache(_decoder.Spec.KvCacheShape(BlockSize, _blocksEach * sequences));
        WrittenCache.Fill(_backend, _cache);
        _batch = new(rows, sequences, _blocksEach);
    }

    /// <returns>Tokens a second of one prompt.</returns>
    public double Prefill(int tokens) => Time(tokens, () => Forward(1, tokens, 0));

    /// <returns>Tokens a second of all sequences together, each growing from <paramref name="context"/> by <paramref name="tokens"/>.</returns>
    public double Decode(int sequences, int context, int tokens) => Time(sequences * tokens, () =>
    {
        for (int i = 0; i < tokens; i++) Forward(sequences, 1, context + i);
    });

    public void Dispose() => _backend.Dispose();

    private static double Time(int tokens, Action work)
    {
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start).TotalSeconds < WarmUpSeconds;) work();
        long begun = Stopwatch.GetTimestamp();
        work();
        return tokens / Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    private void Forward(int sequences, int tokens, int start)
    {
        _batch.Clear();
        for (int s = 0; s < sequences; s++)
        {
            int row = _batch.Add(new int[tokens], start, [.. Enumerable.Range(s * _blocksEach, _blocksEach)], BlockSize, start + tokens);
            _batch.WantLogits(row + tokens - 1);
        }

        _decoder.Forward(_batch, _cache);
    }
}
