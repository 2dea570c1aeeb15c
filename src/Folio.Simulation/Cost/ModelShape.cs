using Folio.Models;

namespace Folio.Simulation;

/// <summary>What a decoder costs: all that the cost model needs to know of it.</summary>
/// <param name="Name">As the command line says it.</param>
/// <param name="Parameters">Weights that every token is multiplied with.</param>
/// <param name="WeightBytes">All weights, as the device holds them.</param>
/// <param name="Layers">Layers.</param>
/// <param name="HiddenSize">Values of a token between layers.</param>
/// <param name="QuerySize">Query heads × channels of a head.</param>
/// <param name="KvSize">Key-value heads × channels of a head.</param>
/// <param name="KvHeads">Key-value heads, which devices share among them.</param>
/// <param name="ContextLength">Tokens of the longest sequence.</param>
public sealed record ModelShape(string Name, double Parameters, double WeightBytes, int Layers, int HiddenSize, int QuerySize, int KvSize, int KvHeads, int ContextLength)
{
    /// <summary>Bytes of a number in the KV cache.</summary>
    private const int KvElement = 2;

    /// <summary>Keys and values of one token over all layers.</summary>
    public double KvBytesPerToken => 2.0 * KvElement * KvSize * Layers;

    public static IReadOnlyList<ModelShape> All { get; } =
    [
        Of("opt-13b", layers: 40, hidden: 5120, kv: 5120, heads: 40, feedForward: 2 * 20480, vocabulary: 50272, context: 2048, tied: true),
        Of("opt-66b", layers: 64, hidden: 9216, kv: 9216, heads: 72, feedForward: 2 * 36864, vocabulary: 50272, context: 2048, tied: true),
        Of("opt-175b", layers: 96, hidden: 12288, kv: 12288, heads: 96, feedForward: 2 * 49152, vocabulary: 50272, context: 2048, tied: true),
        Of("llama-13b", layers: 40, hidden: 5120, kv: 5120, heads: 40, feedForward: 3 * 13824, vocabulary: 32000, context: 2048, tied: false),
        Of("llama-3.1-8b", layers: 32, hidden: 4096, kv: 1024, heads: 8, feedForward: 3 * 14336, vocabulary: 128256, context: 131072, tied: false),
        Of("llama-3.1-70b", layers: 80, hidden: 8192, kv: 1024, heads: 8, feedForward: 3 * 28672, vocabulary: 128256, context: 131072, tied: false),
        Of("qwen3-8b", layers: 36, hidden: 4096, kv: 1024, heads: 8, feedForward: 3 * 12288, vocabulary: 151936, context: 40960, tied: false),
    ];

    /// <exception cref="FolioException">There is no such model.</exception>
    public static ModelShape Named(string name) =>
        All.FirstOrDefault(model => model.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new FolioException($"'{name}' is neither a model that can be simulated by name ({string.Join(", ", All.Select(model => model.Name))}) nor a file or folder.");

    /// <summary>A checkpoint's shape.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="spec">What it is made of.</param>
    /// <param name="weightBytes">Its weights; null: two bytes each.</param>
    public static ModelShape From(string name, DecoderSpec spec, double? weightBytes = null)
    {
        int query = spec.Heads * spec.HeadDim, kv = spec.KvHeads * spec.HeadDim;
        double layer = 2.0 * spec.HiddenSize * (query + kv) + (spec.GatedFeedForward ? 3.0 : 2.0) * spec.HiddenSize * spec.FeedForwardSize;
        double head = (double)spec.VocabularySize * spec.EmbeddingSize;
        double parameters = spec.Layers.Count * layer + head;
        return new(name, parameters, weightBytes ?? 2 * (parameters + (spec.TiedHead ? 0 : head)), spec.Layers.Count, spec.HiddenSize, query, kv, spec.KvHeads, spec.ContextLength);
    }

    /// <param name="heads">Key-value heads.</param>
    /// <param name="feedForward">Values between the feed-forward matrices × how many matrices there are.</param>
    private static ModelShape Of(string name, int layers, int hidden, int kv, int heads, int feedForward, int vocabulary, int context, bool tied)
    {
        double head = (double)vocabulary * hidden;
        double parameters = layers * (2.0 * hidden * (hidden + kv) + (double)hidden * feedForward) + head;
        return new(name, parameters, 2 * (parameters + (tied ? 0 : head)), layers, hidden, hidden, kv, heads, context);
    }
}
