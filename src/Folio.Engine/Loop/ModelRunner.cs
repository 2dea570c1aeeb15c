using Folio.Compute;
using Folio.Models;

namespace Folio.Engine;

/// <summary>A decoder over its KV cache on a backend.</summary>
internal sealed class ModelRunner(TransformerDecoder decoder, KvCache cache, Backend backend) : IModelRunner
{
    private Tensor _logits; // [logit rows, vocabulary] of the last step

    public int VocabularySize => decoder.Spec.VocabularySize;

    public void CopyBlocks(ReadOnlySpan<BlockCopy> copies)
    {
        if (!copies.IsEmpty) backend.CopyBlocks(cache, copies);
    }

    public void SwapOut(SwapTier tier, ReadOnlySpan<BlockCopy> copies) => throw new InvalidOperationException("there is no swap space");

    public void SwapIn(SwapTier tier, ReadOnlySpan<BlockCopy> copies) => throw new InvalidOperationException("there is no swap space");

    public void Execute(StepBatch batch) => _logits = decoder.Forward(batch, cache);

    public Span<float> Logits(int row) => backend.HostRow(_logits, row);

    public void Sample(ReadOnlySpan<SampleRequest> requests, Span<int> tokens) => backend.Sample(_logits, requests, tokens);
}
