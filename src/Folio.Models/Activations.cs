using Folio.Compute;

namespace Folio.Models;

/// <summary>The buffers of a forward pass, reserved once for the largest step: rows are tokens unless said otherwise.</summary>
internal sealed class Activations
{
    /// <param name="spec">The model.</param>
    /// <param name="maxTokens">Token rows of the largest step.</param>
    /// <param name="maxLogitRows">Rows of logits of the largest step.</param>
    /// <param name="backend">Says how products are fed best.</param>
    /// <param name="allocate">Makes a buffer of rows and columns, of a type.</param>
    public Activations(DecoderSpec spec, int maxTokens, int maxLogitRows, Backend backend, Func<int, int, DType, Tensor> allocate)
    {
        DType input = backend.ProductInput;
        int innerRows = Math.Min(maxTokens, backend.FeedForwardRows);
        Embedding = allocate(maxTokens, spec.EmbeddingSize, DType.F32);
        Hidden = spec.EmbeddingSize == spec.HiddenSize ? Embedding : allocate(maxTokens, spec.HiddenSize, DType.F32);
        Normed = allocate(maxTokens, spec.HiddenSize, input);
        QueryKeyValue = allocate(maxTokens, spec.QuerySize + 2 * spec.KeySize, DType.F32);
        Attended = allocate(maxTokens, spec.QuerySize, input);
        GateUp = allocate(innerRows, spec.GatedFeedForward ? 2 * spec.FeedForwardSize : spec.FeedForwardSize, DType.F32);
        Inner = input == DType.F32 ? GateUp with { Columns = spec.FeedForwardSize } : allocate(innerRows, spec.FeedForwardSize, input);
        Last = allocate(maxLogitRows, spec.HiddenSize, DType.F32);
        LastNormed = input == DType.F32 ? Last : allocate(maxLogitRows, spec.HiddenSize, input);
        if (spec.EmbeddingSize != spec.HiddenSize) LastProjected = allocate(maxLogitRows, spec.EmbeddingSize, DType.F32);
        Logits = spec.HasHead ? allocate(maxLogitRows, spec.VocabularySize, DType.F32) : default;
    }

    /// <summary>Bytes that all of them take.</summary>
    public static long Bytes(DecoderSpec spec, int maxTokens, int maxLogitRows, Backend backend)
    {
        long bytes = 0;
        _ = new Activations(spec, maxTokens, maxLogitRows, backend, (rows, columns, type) =>
        {
            var buffer = new Tensor(0, rows, columns, columns, type);
            bytes += (long)rows * columns * buffer.ElementBytes;
            return buffer;
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

    /// <summary>Gate, then up; or up alone. Its rows are those that go through a feed-forward together.</summary>
    public Tensor GateUp { get; }

    /// <summary>What leads back from there: in place, unless products are fed with another type.</summary>
    public Tensor Inner { get; }

    /// <summary>Rows whose logits are wanted.</summary>
    public Tensor Last { get; }

    /// <summary>The same behind the final norm: in place, unless products are fed with another type.</summary>
    public Tensor LastNormed { get; }

    /// <summary>The same before the head, where a matrix lies between.</summary>
    public Tensor LastProjected { get; }

    public Tensor Logits { get; }
}
