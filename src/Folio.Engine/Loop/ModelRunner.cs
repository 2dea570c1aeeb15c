using Folio.Compute;
using Folio.Models;

namespace Folio.Engine;

/// <summary>A decoder over its KV cache on a backend.</summary>
/// <param name="backend">Owns weights and cache; outlives this.</param>
/// <param name="swap">Where preempted groups wait; this disposes of it. Null: nowhere.</param>
internal sealed class ModelRunner(TransformerDecoder decoder, KvCache cache, Backend backend, SwapSpace? swap = null) : IModelRunner
{
    private readonly HostKvBlocks _image = backend.AllocateHostBlocks(cache.Shape with { Blocks = 1 });
    private Tensor _logits;  // [logit rows, vocabulary] of the last step
    private Tensor? _hidden; // [tokens, embedding size] of the last step; null until somebody asks
    private StepBatch? _batch;

    public int VocabularySize => decoder.Spec.VocabularySize;

    public bool RunsBeside => backend.RunsBeside;

    public int BytesPerBlock => _image.BytesPerBlock;

    public void CopyBlocks(ReadOnlySpan<BlockCopy> copies)
    {
        if (!copies.IsEmpty) backend.CopyBlocks(cache, copies);
    }

    public void SwapOut(SwapTier tier, ReadOnlySpan<BlockCopy> copies)
    {
        if (!copies.IsEmpty) Swap.Out(tier, copies);
    }

    public void SwapIn(SwapTier tier, ReadOnlySpan<BlockCopy> copies)
    {
        if (!copies.IsEmpty) Swap.In(tier, copies);
    }

    public void ReadBlock(int block, Span<byte> image)
    {
        backend.CopyToHost(cache, _image, [new(block, 0)]);
        _image[0].CopyTo(image);
    }

    public void WriteBlock(int block, ReadOnlySpan<byte> image)
    {
        image.CopyTo(_image[0]);
        backend.CopyFromHost(cache, _image, [new(0, block)]);
    }

    public void Execute(StepBatch batch)
    {
        (_batch, _hidden) = (batch, null);
        _logits = decoder.Forward(batch, cache);
    }

    public ReadOnlySpan<float> HiddenState(int tokenRow) => backend.HostRow(_hidden ??= decoder.HiddenStates(_batch!), tokenRow);

    public Span<float> Logits(int row) => backend.HostRow(_logits, row);

    public void Change(int row, ReadOnlySpan<LogitChange> changes, LogitPenalties penalties) => backend.Change(_logits, row, changes, penalties);

    public void Mask(int row, ReadOnlySpan<ulong> allowed) => backend.Mask(_logits, row, allowed);

    public int MaxLogprobs => backend.MaxLogprobs;

    public void Logprobs(ReadOnlySpan<LogprobRequest> requests, Span<TokenRank> tokens, Span<TokenRank> likeliest) => backend.Logprobs(_logits, requests, tokens, likeliest);

    public void BeginSample(ReadOnlySpan<SampleRequest> requests) => backend.BeginSample(_logits, requests);

    public void EndSample(Span<int> tokens) => backend.EndSample(tokens);

    public void Dispose()
    {
        _image.Dispose();
        swap?.Dispose();
    }

    private SwapSpace Swap => swap ?? throw new InvalidOperationException("there is no swap space");
}
