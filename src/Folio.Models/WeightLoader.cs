using Folio.Compute;
using Folio.Formats;

namespace Folio.Models;

/// <summary>Takes a decoder's weights from a checkpoint: finds each by its role, checks shape and type, and packs it for the backend.</summary>
internal sealed unsafe class WeightLoader(ModelSource source, DecoderSpec spec, TensorNames names, Backend backend, IProgress<LoadProgress>? progress)
{
    private readonly int _totalTensors = source.Tensors.Tensors.Count;
    private readonly long _totalBytes = source.Tensors.Tensors.Sum(tensor => tensor.Bytes);
    private int _tensors;
    private long _bytesRead;
    private long _bytesHeld;

    public DecoderWeights Load()
    {
        backend.BeginWeights(CheckpointOrigin.Of(source));
        bool projected = spec.EmbeddingSize != spec.HiddenSize;
        Weight embedding = Matrix(Role.TokenEmbedding, 0, spec.VocabularySize, spec.EmbeddingSize);
        var weights = new DecoderWeights
        {
            TokenEmbedding = embedding,
            PositionEmbedding = spec.Positions is { } positions ? Pack(RowsFrom(Plain(Role.PositionEmbedding, 0, positions.Rows, spec.HiddenSize), positions.Offset)) : null,
            TokenType = spec.TokenTypes > 0 ? TokenType() : null,
            EmbeddingNorm = spec.EmbeddingNorm ? Norm(Role.EmbeddingNorm, 0) : null,
            ProjectIn = projected ? Matrix(Role.ProjectIn, 0, spec.HiddenSize, spec.EmbeddingSize) : null,
            Layers = [.. Enumerable.Range(0, spec.Layers.Count).Select(Layer)],
            FinalNorm = spec.FinalNorm ? Norm(Role.FinalNorm, 0) : null,
            ProjectOut = projected ? Matrix(Role.ProjectOut, 0, spec.EmbeddingSize, spec.HiddenSize) : null,
            Head = !spec.HasHead ? null : spec.TiedHead ? embedding : Matrix(Role.Head, 0, spec.VocabularySize, spec.EmbeddingSize),
        };

        backend.EndWeights();

        // Tensors that a decoder has no use for (mask buffers, a copy of a tied head, the heads of an encoder) are skipped, which is as good as loaded.
        progress?.Report(new(_totalTensors, _totalTensors, _totalBytes, _totalBytes));
        return weights with { Bytes = _bytesHeld };
    }

    /// <summary>A matrix without its first rows.</summary>
    private static StoredMatrix RowsFrom(StoredMatrix plain, int first)
    {
        WeightSource all = plain.Source;
        long skipped = all.Bytes / all.Rows * first;
        return plain with { Source = all with { Rows = all.Rows - first, Data = all.Data + (nint)skipped, Bytes = all.Bytes - skipped } };
    }

    /// <summary>The embedding of the first token type.</summary>
    private Tensor TokenType()
    {
        StoredTensor types = source.Tensors.Get(names.Of(Role.TokenTypeEmbedding, 0, "weight")).ExpectShape(source.ConfigName, spec.TokenTypes, spec.HiddenSize);
        Report(types.Bytes);
        return Upload(StoredTypes.ToFloats(types)[..spec.HiddenSize]);
    }

    private LayerWeights Layer(int layer) => new()
    {
        AttentionNorm = Norm(Role.AttentionNorm, layer),
        QueryKeyValue = names.Has(Role.QueryKeyValue)
            ? Stack(layer, Biases.QueryKeyValue, (Role.QueryKeyValue, spec.QuerySize + 2 * spec.KeySize))
            : Stack(layer, Biases.QueryKeyValue, (Role.Query, spec.QuerySize), (Role.Key, spec.KeySize), (Role.Value, spec.KeySize)),
        QueryNorm = spec.QueryKeyNorm ? Upload(Vector(Role.QueryNorm, layer, "weight", spec.HeadDim)) : default,
        KeyNorm = spec.QueryKeyNorm ? Upload(Vector(Role.KeyNorm, layer, "weight", spec.HeadDim)) : default,
        AttentionOutput = Linear(Role.AttentionOutput, layer, Biases.AttentionOutput, spec.QuerySize),
        FeedForwardNorm = Norm(Role.FeedForwardNorm, layer),
        GateUp = spec.GatedFeedForward
            ? Stack(layer, Biases.FeedForward, (Role.Gate, spec.FeedForwardSize), (Role.Up, spec.FeedForwardSize))
            : Stack(layer, Biases.FeedForward, (Role.Up, spec.FeedForwardSize)),
        Down = Linear(Role.Down, layer, Biases.FeedForward, spec.FeedForwardSize),
    };

    /// <summary>Products of the residual stream, side by side: one matrix where their stored types are equal.</summary>
    private StackedLinear Stack(int layer, Biases biases, params ReadOnlySpan<(Role Role, int Rows)> parts)
    {
        var stored = new StoredMatrix[parts.Length];
        float[][] bias = new float[parts.Length][];
        bool biased = spec.Biases.HasFlag(biases);
        for (int i = 0; i < parts.Length; i++)
        {
            stored[i] = Stored(parts[i].Role, layer, parts[i].Rows, spec.HiddenSize);
            bias[i] = biased ? Vector(parts[i].Role, layer, "bias", parts[i].Rows) : [];
        }

        if (stored.All(part => part.Source.Type == stored[0].Source.Type)) return new([new(0, Pack(stored), Upload([.. bias.SelectMany(part => part)]))]);

        int start = 0;
        var separate = new StackedLinear.Part[parts.Length];
        for (int i = 0; i < parts.Length; start += parts[i++].Rows) separate[i] = new(start, Pack(stored[i]), Upload(bias[i]));
        return new(separate);
    }

    /// <summary>A product that leads back to the residual stream.</summary>
    private LinearWeights Linear(Role role, int layer, Biases biases, int columns) =>
        new(Matrix(role, layer, spec.HiddenSize, columns), spec.Biases.HasFlag(biases) ? Upload(Vector(role, layer, "bias", spec.HiddenSize)) : default);

    private NormWeights Norm(Role role, int layer)
    {
        if (!spec.Norm.Affine) return default;
        (string scale, string shift) = source.Tensors.TryGet(names.Of(role, layer, "gamma"), out _) ? ("gamma", "beta") : ("weight", "bias"); // as TensorFlow named them, in the oldest checkpoints of BERT
        return new(Upload(Vector(role, layer, scale, spec.HiddenSize)), spec.Norm.Kind == NormKind.Layer ? Upload(Vector(role, layer, shift, spec.HiddenSize)) : default);
    }

    private Weight Matrix(Role role, int layer, int rows, int columns) => Pack(Stored(role, layer, rows, columns));

    private Weight Pack(params StoredMatrix[] parts)
    {
        Weight weight = backend.Pack([.. parts.Select(part => part.Source)]);
        _bytesHeld += weight.Bytes;
        foreach (StoredTensor tensor in parts.SelectMany(part => part.Tensors))
        {
            tensor.Release(); // the packed form alone stays in memory
            Report(tensor.Bytes);
        }

        return weight;
    }

    /// <summary>A vector in the backend's memory; default if it is empty.</summary>
    private Tensor Upload(float[] values)
    {
        if (values.Length == 0) return default;
        _bytesHeld += values.Length * sizeof(float);
        return backend.Upload(values);
    }

    private StoredMatrix Stored(Role role, int layer, int rows, int columns) =>
        source.Quantization?.Find(source.Tensors, names.Of(role, layer), rows, columns) ?? Plain(role, layer, rows, columns);

    private StoredMatrix Plain(Role role, int layer, int rows, int columns)
    {
        bool transposed = names.Transposed.Contains(role);
        StoredTensor tensor = source.Tensors.Get(names.Of(role, layer, "weight")).ExpectType(StoredTypes.Readable);
        if (transposed) tensor.ExpectShape(source.ConfigName, columns, rows);
        else tensor.ExpectShape(source.ConfigName, rows, columns);
        return new(new(tensor.Name, StoredTypes.Of(tensor.Type), rows, columns, (nint)tensor.Data, tensor.Bytes, transposed), tensor);
    }

    private float[] Vector(Role role, int layer, string ending, int length)
    {
        StoredTensor tensor = source.Tensors.Get(names.Of(role, layer, ending)).ExpectShape(source.ConfigName, length);
        float[] values = StoredTypes.ToFloats(tensor);
        Report(tensor.Bytes);
        return values;
    }

    private void Report(long bytes)
    {
        _bytesRead += bytes;
        progress?.Report(new(++_tensors, _totalTensors, _bytesRead, _totalBytes));
    }
}
