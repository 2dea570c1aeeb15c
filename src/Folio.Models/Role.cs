namespace Folio.Models;

/// <summary>The part that a stored tensor plays in a decoder. A role has a weight and, where the spec says so, a bias.</summary>
internal enum Role
{
    TokenEmbedding,
    PositionEmbedding,
    TokenTypeEmbedding,
    EmbeddingNorm,

    /// <summary>From the embedding's size to the layers'.</summary>
    ProjectIn,

    AttentionNorm,
    Query,
    Key,
    Value,

    /// <summary>The three above as one matrix, one below the other.</summary>
    QueryKeyValue,

    QueryNorm,
    KeyNorm,
    AttentionOutput,

    FeedForwardNorm,
    Gate,
    Up,
    Down,

    FinalNorm,

    /// <summary>From the layers' size to the embedding's.</summary>
    ProjectOut,

    Head,
}
