using Folio.Compute;

namespace Folio.Models;

/// <summary>A decoder's weights in the backend's memory.</summary>
internal sealed record DecoderWeights
{
    public required Weight TokenEmbedding { get; init; }

    /// <summary>Its rows are positions, from 0.</summary>
    public Weight? PositionEmbedding { get; init; }

    /// <summary>[1, hidden size] what is added to each token: a text alone is of the first type.</summary>
    public Tensor? TokenType { get; init; }

    public NormWeights? EmbeddingNorm { get; init; }

    public Weight? ProjectIn { get; init; }

    public required IReadOnlyList<LayerWeights> Layers { get; init; }

    public NormWeights? FinalNorm { get; init; }

    public Weight? ProjectOut { get; init; }

    /// <summary>Null: there are no logits.</summary>
    public Weight? Head { get; init; }

    /// <summary>Bytes that all of it takes.</summary>
    public long Bytes { get; init; }
}

/// <summary>One layer's weights.</summary>
internal sealed record LayerWeights
{
    public required NormWeights AttentionNorm { get; init; }

    public required StackedLinear QueryKeyValue { get; init; }

    /// <summary>[1, headDim], or default.</summary>
    public Tensor QueryNorm { get; init; }

    public Tensor KeyNorm { get; init; }

    public required LinearWeights AttentionOutput { get; init; }

    public required NormWeights FeedForwardNorm { get; init; }

    /// <summary>Gate and up, or up alone.</summary>
    public required StackedLinear GateUp { get; init; }

    public required LinearWeights Down { get; init; }
}

/// <param name="Bias">[1, weight.Rows], or default.</param>
internal readonly record struct LinearWeights(Weight Weight, Tensor Bias);

/// <param name="Scale">[1, size], or default.</param>
/// <param name="Shift">Like <paramref name="Scale"/>.</param>
internal readonly record struct NormWeights(Tensor Scale, Tensor Shift);
