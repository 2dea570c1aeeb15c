using Folio.Compute;
using Folio.Engine;

namespace Folio.Bench;

/// <summary>A model that does nothing at once: what is left of a step is the host's work.</summary>
internal sealed class IdleRunner(bool runsBeside) : IModelRunner
{
    public int VocabularySize => 32_000;

    public bool RunsBeside => runsBeside;

    public int BytesPerBlock => 1;

    public void CopyBlocks(ReadOnlySpan<BlockCopy> copies)
    {
    }

    public void SwapOut(SwapTier tier, ReadOnlySpan<BlockCopy> copies)
    {
    }

    public void SwapIn(SwapTier tier, ReadOnlySpan<BlockCopy> copies)
    {
    }

    public void ReadBlock(int block, Span<byte> image)
    {
    }

    public void WriteBlock(int block, ReadOnlySpan<byte> image)
    {
    }

    public void Execute(StepBatch batch)
    {
    }

    public Span<float> Logits(int row) => [];

    public ReadOnlySpan<float> HiddenState(int tokenRow) => [];

    public void BeginSample(ReadOnlySpan<SampleRequest> requests)
    {
    }

    public void EndSample(Span<int> tokens) => tokens.Fill(7);

    public void Dispose()
    {
    }
}
