using Folio.Engine;
using Folio.Formats;
using Folio.Formats.Hub;
using Folio.Models;
using Folio.Simulation;

namespace Folio.Bench;

/// <summary>What steps of a model take: bytes that are read and operations of matrix products. Attention's own products and what norms read are left out.</summary>
/// <param name="LayerParameters">Weights that every token is multiplied with.</param>
/// <param name="HeadParameters">Weights that only those tokens are multiplied with after which one is drawn.</param>
/// <param name="WeightBytes">Weights that a step reads: all but a table of embeddings that isn't the head too, of which a token takes one row.</param>
/// <param name="KvBytesPerToken">Keys and values of one token over all layers.</param>
internal sealed record ModelWork(double LayerParameters, double HeadParameters, double WeightBytes, double KvBytesPerToken)
{
    /// <param name="model">Null: the embedded demo model.</param>
    /// <param name="plan">How an engine holds it; null: as it is stored, with a KV cache of two bytes a number.</param>
    public static ModelWork Of(ModelPlace? model, MemoryPlan? plan = null)
    {
        using ModelSource source = LoadedModel.Open(model);
        DecoderSpec spec = TransformerDecoder.Describe(source);
        ModelShape shape = ModelShape.From(source.Path, spec);
        double head = (double)spec.VocabularySize * spec.EmbeddingSize;
        double weights = plan?.WeightBytes ?? source.Tensors.Tensors.Sum(tensor => tensor.Bytes);
        double lookedUp = spec.TiedHead ? 0 : source.Tensors.Tensors.Where(tensor => IsEmbedding(tensor, spec)).Sum(tensor => tensor.Bytes);
        return new(shape.Parameters - head, head, weights - lookedUp, plan?.KvBytesPerToken ?? shape.KvBytesPerToken);
    }

    /// <param name="steps">Steps, each of which reads all weights.</param>
    /// <param name="keys">Tokens whose keys and values are read, over all steps.</param>
    public double Bytes(double steps, double keys) => steps * WeightBytes + keys * KvBytesPerToken;

    /// <summary>A multiplication and an addition for each weight.</summary>
    /// <param name="tokens">Tokens computed.</param>
    /// <param name="drawn">Tokens drawn.</param>
    public double Operations(double tokens, double drawn) => 2 * (tokens * LayerParameters + drawn * HeadParameters);

    /// <summary>Tokens whose keys and values a request reads: its prompt's once, then all before each token that is drawn but the first.</summary>
    public static double KeysRead(double prompt, double output, int width = 1) => prompt + width * Math.Max(0, output - 1) * (prompt + output / 2);

    private static bool IsEmbedding(StoredTensor tensor, DecoderSpec spec) =>
        tensor.Shape is [var rows, _] && rows == spec.VocabularySize && (tensor.Name.Contains("emb", StringComparison.Ordinal) || tensor.Name.Contains("wte", StringComparison.Ordinal));
}
