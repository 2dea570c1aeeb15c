using Folio.Compute;

namespace Folio.Engine;

/// <summary>What the loop needs of a model: one forward pass over one ragged batch, its logits and its last states.</summary>
/// <remarks>A seam: tests run the scheduler and the paging over a model whose whole answer is a hash of what it reads from the cache.</remarks>
internal interface IModelRunner : IDisposable
{
    int VocabularySize { get; }

    /// <summary>Copy-on-write, before the step that writes.</summary>
    void CopyBlocks(ReadOnlySpan<BlockCopy> copies);

    /// <summary>Copies blocks of the cache (sources) to slots of a swap tier (destinations). Comes before all other copies of a step.</summary>
    void SwapOut(SwapTier tier, ReadOnlySpan<BlockCopy> copies);

    /// <summary>Copies slots of a swap tier (sources) back to blocks of the cache (destinations).</summary>
    void SwapIn(SwapTier tier, ReadOnlySpan<BlockCopy> copies);

    /// <summary>Bytes of one block's image: its keys and values in every layer, in the backend's own layout.</summary>
    int BytesPerBlock { get; }

    /// <summary>Copies a block of the cache to host memory: [BytesPerBlock].</summary>
    void ReadBlock(int block, Span<byte> image);

    /// <summary>Overwrites a block of the cache with an image that <see cref="ReadBlock"/> gave, perhaps in another process.</summary>
    void WriteBlock(int block, ReadOnlySpan<byte> image);

    /// <summary>Runs the batch: keys and values go to the cache, logits to rows [0, batch.LogitRows).</summary>
    void Execute(StepBatch batch);

    /// <summary>[vocabulary] one row in host memory; what is written there counts for <see cref="BeginSample"/>.</summary>
    Span<float> Logits(int row);

    /// <summary>[embedding size] the state of a token row of the last batch, behind the final norm, in host memory.</summary>
    ReadOnlySpan<float> HiddenState(int tokenRow);

    /// <summary>The end of the sampling chain over the last batch's logits, as <see cref="Backend.Sample"/> defines it. May be asked for several times a step, and for nothing.</summary>
    void BeginSample(ReadOnlySpan<SampleRequest> requests);

    /// <summary>What the earliest <see cref="BeginSample"/> has drawn whose tokens were not taken yet.</summary>
    /// <param name="tokens">[requests] −1 for a row without any number to draw from.</param>
    void EndSample(Span<int> tokens);
}
