using Folio.Compute;

namespace Folio.Models;

/// <summary>The buffers of a forward pass, reserved once for the largest step: rows are tokens unless said otherwise.</summary>
internal sealed class Activations
{
    /// <summary>Tokens that go through a feed-forward together: enough for products to be bound by arithmetic, so its inner activations, by far the widest, need no room for a whole step.</summary>
    public const int FeedForwardTokens = 128;

    public Activations(DecoderSpec spec, int maxTokens, int maxLogitRows, Backend backend)
    {
        Embedding = backend.Allocate(maxTokens, spec.EmbeddingSize);
        Hidden = spec.EmbeddingSize == spec.HiddenSize ? Embedding : backend.Allocate(maxTokens, spec.HiddenSize);
        Normed = backend.Allocate(maxTokens, spec.HiddenSize);
        QueryKeyValue = backend.Allocate(maxTokens, spec.QuerySize + 2 * spec.KeySize);
        Attended = backend.Allocate(maxTokens, spec.QuerySize);
        GateUp = backend.Allocate(Math.Min(maxTokens, FeedForwardTokens), spec.GatedFeedForward ? 2 * spec.FeedForwardSize : spec.FeedForwardSize);
        Last = backend.Allocate(maxLogitRows, spec.HiddenSize);
        LastProjected = spec.EmbeddingSize == spec.HiddenSize ? Last : backend.Allocate(maxLogitRows, spec.EmbeddingSize);
        Logits = spec.HasHead ? backend.Allocate(maxLogitRows, spec.VocabularySize) : default;
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
