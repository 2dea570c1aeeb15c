using Folio.Compute;
using Folio.Compute.Cpu;
using Folio.Models;

namespace Folio.Bench;

/// <summary>Folio's logits of a text.</summary>
internal sealed unsafe class FolioScorer : IDisposable
{
    private const int BlockSize = 16;

    private readonly CpuBackend _backend;
    private readonly TransformerDecoder _decoder;

    public FolioScorer(string model, int? threads, CpuActivations activations)
    {
        _backend = new(threads, activations: activations);
        using ModelSource source = ModelSource.Open(model);
        _decoder = TransformerDecoder.Load(source, _backend);
        _decoder.Reserve(ScoredText.ChunkTokens, 1, ScoredText.RowsPerChunk);
    }

    public void Score(ScoredText text, DType kvType, TakeRow take)
    {
        const int blocks = ScoredText.ChunkTokens / BlockSize;
        KvCache cache = _backend.AllocateKvCache(_decoder.Spec.KvCacheShape(BlockSize, blocks, kvType));
        var batch = new StepBatch(ScoredText.ChunkTokens, 1, blocks);
        int[] table = [.. Enumerable.Range(0, blocks)];
        for (int chunk = 0; chunk < text.Chunks; chunk++)
        {
            batch.Clear();
            batch.Add(text.Input(chunk), 0, table, BlockSize, ScoredText.ChunkTokens);
            for (int row = 0; row < ScoredText.RowsPerChunk; row++) batch.WantLogits(ScoredText.FirstRow + row);
            Tensor logits = _decoder.Forward(batch, cache);
            int first = chunk * ScoredText.RowsPerChunk;
            Parallel.For(0, ScoredText.RowsPerChunk, row =>
            {
                fixed (float* values = _backend.HostRow(logits, row)) take(first + row, values);
            });
        }
    }

    public void Dispose() => _backend.Dispose();
}
