using Folio.Compute;

namespace Folio.Models;

/// <summary>The buffers of a forward pass, reserved once for the largest step: rows are tokens unless said otherwise.</summary>
internal sealed class Activations
{
    /// <summary>Tokens that go through a feed-forward together: enough for products to be bound by arithmetic, so its inner activations, by far the widest, need no room for a whole step.</summary>
    public const int FeedForwardTokens = 128;

    /// <param name="spec">The model.</param>
    /// <param name="maxTokens">Token rows of the largest step.</param>
    /// <param name="maxLogitRows">Rows of logits of the largest step.</param>
    /// <param name="allocate">Makes a buffer of rows and columns.</param>
    public Activations(DecoderSpec spec, int maxTokens, int maxLogitRows, Func<int, int, Tensor> allocate)
    {
        Embedding = allocate(maxTokens, spec.EmbeddingSize);
        Hidden = spec.EmbeddingSize == spec.HiddenSize ? Embedding : allocate(maxTokens, spec.HiddenSize);
        Normed = allocate(maxTokens, spec.HiddenSize);
        QueryKeyValue = allocate(maxTokens, spec.QuerySize + 2 * spec.KeySize);
        Attended = allocate(maxTokens, spec.QuerySize);
        GateUp = allocate(Math.Min(maxTokens, FeedForwardTokens), spec.GatedFeedForward ? 2 * spec.FeedForwardSize : spec.FeedForwardSize);
        Last = allocate(maxLogitRows, spec.HiddenSize);
        LastProjected = spec.EmbeddingSize == spec.HiddenSize ? Last : allocate(maxLogitRows, spec.EmbeddingSize);
        Logits = spec.HasHead ? allocate(maxLogitRows, spec.VocabularySize) : default;
    }

    /// <summary>Bytes that all of them take.</summary>
    public static long Bytes(DecoderSpec spec, int maxTokens, int maxLogitRows)
    {
        long bytes = 0;
        _ = new Activations(spec, maxTokens, maxLogitRows, (rows, columns) =>
        {
            bytes += (long)rows * columns * sizeof(float);
            return default;
        });
        return bytes;
    }

    /// <summary>Token embeddings; the same buffer as <see cref="Hidden"/> unless a matrix lies between.</summary>
    public Tensor Embedding { get; }

    /// <summary>The residual stream.</summary>
    public Tensor Hidden { get; }

    public Tensor Normed { get; }

    /// <summary>Queries, then keys, then values.</summary>
    public Tensor QueryKeyValue { get; }

    public Tensor Attended { get; }

    /// <summary>Gate, then up; or up alone. Of <see cref="FeedForwardTokens"/>.</summary>
    public Tensor GateUp { get; }

    /// <summary>Rows whose logits are wanted.</summary>
    public Tensor Last { get; }

    /// <summary>The same before the head; the same buffer unless a matrix lies between.</summary>
    public Tensor LastProjected { get; }

    public Tensor Logits { get; }
}
