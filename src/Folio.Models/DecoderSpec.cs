using Folio.Compute;
using Folio.Formats;

namespace Folio.Models;

/// <summary>What a decoder-only transformer, or an encoder, is made of: all that <see cref="TransformerDecoder"/> needs to know about a model beside its weights.</summary>
public sealed record DecoderSpec
{
    private const int MaxHeadDim = 1024;

    /// <summary>The architecture as the checkpoint names it: LlamaForCausalLM, or llama in GGUF.</summary>
    public string Name { get; init; } = "";

    /// <summary>Rows of the token embedding and of the logits.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Tokens that the model's positions reach.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Values of a token between layers.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Values of a token embedding; where it isn't <see cref="HiddenSize"/>, matrices project into the layers and out of them.</summary>
    public int EmbeddingSize { get => field == 0 ? HiddenSize : field; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key-value heads; a divisor of <see cref="Heads"/>.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Channels of a head.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Values between the matrices of the feed-forward block.</summary>
    public required int FeedForwardSize { get; init; }

    /// <summary>Per layer, what layers may differ in.</summary>
    public required IReadOnlyList<LayerSpec> Layers { get; init; }

    public required NormSpec Norm { get; init; }

    public NormPlacement NormPlacement { get; init; }

    /// <summary>Whether the last layer's output is normed before the head.</summary>
    public bool FinalNorm { get; init; } = true;

    /// <summary>An RMS norm on each head's queries and keys, before their rotation.</summary>
    public bool QueryKeyNorm { get; init; }

    public Biases Biases { get; init; }

    public required Activation Activation { get; init; }

    /// <summary>down(f(gate(x)) · up(x)) instead of down(f(up(x))).</summary>
    public bool GatedFeedForward { get; init; }

    /// <summary>Learnt positions, added to the token embeddings; null: none.</summary>
    public LearntPositions? Positions { get; init; }

    /// <summary>False: an encoder, whose tokens see all of their text.</summary>
    public bool Causal { get; init; } = true;

    /// <summary>Kinds of tokens that have an embedding of their own, added to the token's: the first and the second text of a pair. 0: none.</summary>
    public int TokenTypes { get; init; }

    /// <summary>Whether the sum of embeddings is normed before the first layer.</summary>
    public bool EmbeddingNorm { get; init; }

    /// <summary>What a text's embedding is made of where a checkpoint doesn't say (sentence-transformers' own choice).</summary>
    public PoolingKind UsualPooling => Causal ? PoolingKind.Last : PoolingKind.Mean;

    /// <summary>Whether there are logits. False: the model's last states are all that it says.</summary>
    public bool HasHead { get; init; } = true;

    /// <summary>The head is the token embedding.</summary>
    public bool TiedHead { get; init; }

    /// <summary>Whether a token's keys and values are a function of the tokens up to it. Dynamic NTK rotates a prompt's tokens by the length of the whole prompt.</summary>
    public bool KeysDependOnPrefixAlone => Layers.All(layer => layer.Rope?.Scaling is not DynamicNtkScaling);

    /// <summary>The shape of a KV cache. An encoder's layers take turns in one: nothing outlives a step.</summary>
    public KvCacheShape KvCacheShape(int blockSize, int blocks, DType type = DType.BF16) => new(Causal ? Layers.Count : 1, KvHeads, HeadDim, blockSize, blocks, type);

    /// <summary>Columns of the query product: the keys' follow, then the values'.</summary>
    internal int QuerySize => Heads * HeadDim;

    internal int KeySize => KvHeads * HeadDim;

    /// <summary>Refuses numbers that don't fit together.</summary>
    /// <param name="file">Where they come from.</param>
    internal void Check(string file)
    {
        if (HeadDim < 1) throw new ModelFormatException(file, $"{Heads} heads can't share a hidden size of {HiddenSize}.");
        if (Heads % KvHeads != 0) throw new ModelFormatException(file, $"{Heads} query heads can't share {KvHeads} key-value heads; a divisor is expected.");
        if (HeadDim > MaxHeadDim) throw new ModelFormatException(file, $"a head of {HeadDim} channels is more than any model has ({MaxHeadDim} at most).");
        if (((long)Heads + 2 * KvHeads) * HeadDim > int.MaxValue) throw new ModelFormatException(file, $"{Heads} heads of {HeadDim} channels are more than any model has.");
    }
}

/// <summary>What may differ from layer to layer.</summary>
/// <param name="AttentionScale">What q · k is multiplied by.</param>
/// <param name="Window">A token sees itself and the Window − 1 before it; 0: all.</param>
/// <param name="Rope">How queries and keys are rotated; null: not at all.</param>
public sealed record LayerSpec(float AttentionScale, int Window = 0, RopeSpec? Rope = null)
{
    /// <summary>So many equal layers, with the usual scale of 1 / √headDim.</summary>
    internal static IReadOnlyList<LayerSpec> Repeat(int count, int headDim, RopeSpec? rope = null, int window = 0) =>
        [.. Enumerable.Repeat(new LayerSpec(1 / MathF.Sqrt(headDim), window, rope), count)];
}

/// <param name="Rows">Rows of the table.</param>
/// <param name="Offset">The row of position 0.</param>
public sealed record LearntPositions(int Rows, int Offset = 0);

/// <param name="Affine">False: a norm without weights.</param>
public readonly record struct NormSpec(NormKind Kind, float Epsilon, bool Affine = true);

public enum NormKind
{
    /// <summary>x / √(mean(x²) + ε) · weight.</summary>
    Rms,

    /// <summary>(x − mean) / √(variance + ε) · weight + bias.</summary>
    Layer,
}

public enum NormPlacement
{
    /// <summary>x + f(norm(x)): most models.</summary>
    BeforeBlock,

    /// <summary>norm(x + f(x)): the first transformers, and OPT-350M.</summary>
    AfterResidual,
}

/// <summary>Which products have biases.</summary>
[Flags]
public enum Biases
{
    None = 0,
    QueryKeyValue = 1,
    AttentionOutput = 2,
    FeedForward = 4,
    All = QueryKeyValue | AttentionOutput | FeedForward,
}
