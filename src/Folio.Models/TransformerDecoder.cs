using Folio.Compute;
using Folio.Formats;

namespace Folio.Models;

/// <summary>A decoder-only transformer, or an encoder: one forward pass over one ragged batch, whatever the model, on any backend.</summary>
/// <remarks>After <see cref="Reserve"/> a step allocates nothing. Not thread-safe: one thread owns it.</remarks>
public sealed class TransformerDecoder
{
    private readonly Backend _backend;
    private readonly DecoderWeights _weights;
    private readonly Action<StepBatch> _pass;
    private Activations? _activations;
    private KvCache? _cache;                           // of the step that runs
    private RotaryEmbedding[] _rotaries = [];          // one for each kind of rotary layer
    private RotaryEmbedding?[] _layerRotaries = [];    // [layers] the one of each layer

    private TransformerDecoder(DecoderSpec spec, DecoderWeights weights, Backend backend)
    {
        Spec = spec;
        _weights = weights;
        _backend = backend;
        _pass = Pass;
    }

    public DecoderSpec Spec { get; }

    /// <summary>The kinds of rotary layers.</summary>
    private IEnumerable<RopeSpec> Ropes => Spec.Layers.Select(layer => layer.Rope).OfType<RopeSpec>().Distinct();

    /// <summary>Bytes that the weights take in the backend's memory.</summary>
    public long WeightBytes => _weights.Bytes;

    /// <summary>What a checkpoint is made of, without loading its weights; refuses what can't be loaded by its config alone.</summary>
    public static DecoderSpec Describe(ModelSource source) => Architecture.Resolve(source).Spec;

    /// <summary>The same from a config.json alone.</summary>
    public static DecoderSpec Describe(ModelConfig config) => Architecture.SpecOf(config);

    /// <summary>Reads and packs a checkpoint's weights. The source may be disposed of afterwards.</summary>
    public static TransformerDecoder Load(ModelSource source, Backend backend, IProgress<LoadProgress>? progress = null)
    {
        (DecoderSpec spec, TensorNames names) = Architecture.Resolve(source);
        return new(spec, new WeightLoader(source, spec, names, backend, progress).Load(), backend);
    }

    /// <summary>Bytes that <see cref="Reserve"/> takes by the size of a step.</summary>
    public long BytesToReserve(int maxTokens, int maxLogitRows) =>
        Activations.Bytes(Spec, maxTokens, maxLogitRows, _backend) + Ropes.Sum(rope => RotaryEmbedding.Bytes(rope, Spec.ContextLength, maxTokens));

    /// <summary>Takes the memory of every later step.</summary>
    /// <param name="maxTokens">Token rows of the largest step.</param>
    /// <param name="maxSequences">Sequences of the largest step.</param>
    /// <param name="maxLogitRows">Rows of logits of the largest step.</param>
    /// <param name="cacheType">How the cache will store its numbers.</param>
    public void Reserve(int maxTokens, int maxSequences, int maxLogitRows, DType cacheType = DType.BF16)
    {
        _activations = new(Spec, maxTokens, maxLogitRows, _backend, _backend.Allocate);
        _backend.ReserveAttention(maxTokens, maxSequences, Spec.Heads, Spec.KvCacheShape(blockSize: 1, blocks: 1, cacheType));
        _rotaries = [.. Ropes.Select(rope => new RotaryEmbedding(rope, Spec.ContextLength, maxTokens, _backend))];
        _layerRotaries = [.. Spec.Layers.Select(layer => _rotaries.FirstOrDefault(rotary => rotary.Spec == layer.Rope))];
    }

    /// <summary>Runs one step: writes the batch's keys and values to the cache. A sequence of an encoder must be whole.</summary>
    /// <returns>[batch.LogitRows, vocabulary], in a buffer that the next step overwrites; default of a model without a head.</returns>
    public Tensor Forward(StepBatch batch, KvCache cache)
    {
        Activations buffers = _activations ?? throw new InvalidOperationException("Reserve comes before Forward");
        foreach (RotaryEmbedding rotary in _rotaries) rotary.Prepare(batch);
        _cache = cache;
        _backend.Run(batch, _pass);
        return Spec.HasHead ? buffers.Logits.FirstRows(batch.LogitRows) : default;
    }

    /// <summary>Makes ready whatever the first steps over a cache would have to wait for.</summary>
    /// <param name="largest">A batch as large as the largest step.</param>
    public void Prepare(StepBatch largest, KvCache cache)
    {
        _cache = cache;
        _backend.Prepare(largest, _pass);
        _backend.Sample(_activations!.Logits, [new(Row: 0, Temperature: 0, TopK: 0, TopP: 1, MinP: 0, Seed: 0, Position: 0)], new int[1]); // whose room is that of all rows
    }

    private void Pass(StepBatch batch)
    {
        Activations buffers = _activations!;
        Tensor x = Embed(batch, buffers);
        for (int layer = 0; layer < Spec.Layers.Count; layer++)
        {
            AddAttention(x, layer, batch, _cache!, buffers);
            for (int first = 0; first < x.Rows; first += buffers.GateUp.Rows)
                AddFeedForward(x.RowsAt(first, Math.Min(buffers.GateUp.Rows, x.Rows - first)), layer, buffers);
        }

        if (Spec.HasHead && batch.LogitRows > 0) Logits(x, batch, buffers);
    }

    /// <summary>What the last step made of its tokens: their states behind the final norm, from which logits are made. Once a step, since it works in place.</summary>
    /// <returns>[batch.Tokens, embedding size], in a buffer that the next step overwrites.</returns>
    public Tensor HiddenStates(StepBatch batch)
    {
        Activations buffers = _activations!;
        Tensor x = buffers.Hidden.FirstRows(batch.Tokens);
        if (_weights.FinalNorm is { } norm) Norm(x, norm, x);
        if (_weights.ProjectOut is null) return x;
        Tensor projected = buffers.Embedding.FirstRows(batch.Tokens);
        _backend.Linear(x, _weights.ProjectOut, default, projected);
        return projected;
    }

    private Tensor Embed(StepBatch batch, Activations buffers)
    {
        Tensor embedding = buffers.Embedding.FirstRows(batch.Tokens), x = buffers.Hidden.FirstRows(batch.Tokens);
        _backend.Embed(_weights.TokenEmbedding, batch.Ids, embedding);
        if (_weights.ProjectIn is not null) _backend.Linear(embedding, _weights.ProjectIn, default, x);
        if (_weights.PositionEmbedding is { } positions) _backend.Embed(positions, batch.TokenPositions, x, accumulate: true);
        if (_weights.TokenType is { } type) _backend.Add(x, type.Repeated(x.Rows));
        if (_weights.EmbeddingNorm is { } norm) Norm(x, norm, x);
        return x;
    }

    private void AddAttention(Tensor x, int layer, StepBatch batch, KvCache cache, Activations buffers)
    {
        LayerSpec spec = Spec.Layers[layer];
        LayerWeights weights = _weights.Layers[layer];
        Tensor qkv = buffers.QueryKeyValue.FirstRows(batch.Tokens), attended = buffers.Attended.FirstRows(batch.Tokens);
        Tensor q = qkv.Slice(0, Spec.QuerySize), k = qkv.Slice(Spec.QuerySize, Spec.KeySize), v = qkv.Slice(Spec.QuerySize + Spec.KeySize, Spec.KeySize);

        weights.QueryKeyValue.Apply(_backend, BlockInput(x, weights.AttentionNorm, buffers), qkv);
        if (Spec.QueryKeyNorm)
        {
            _backend.RmsNorm(q, weights.QueryNorm, Spec.Norm.Epsilon, q);
            _backend.RmsNorm(k, weights.KeyNorm, Spec.Norm.Epsilon, k);
        }

        int cacheLayer = Spec.Causal ? layer : 0;
        if (_layerRotaries[layer] is { } rotary) _backend.RopeAndStoreKv(cache, cacheLayer, q, k, v, rotary.Angles, batch);
        else _backend.StoreKv(cache, cacheLayer, k, v, batch.Slots);
        _backend.Attention(cache, cacheLayer, q, batch, new(Spec.Heads, spec.AttentionScale, spec.Window, Causal: Spec.Causal), attended);
        AddBlock(attended, weights.AttentionOutput, x, weights.AttentionNorm);
    }

    private void AddFeedForward(Tensor x, int layer, Activations buffers)
    {
        LayerWeights weights = _weights.Layers[layer];
        Tensor gateUp = buffers.GateUp.FirstRows(x.Rows), first = gateUp.Slice(0, Spec.FeedForwardSize), inner = buffers.Inner.FirstRows(x.Rows);

        weights.GateUp.Apply(_backend, BlockInput(x, weights.FeedForwardNorm, buffers), gateUp);
        if (Spec.GatedFeedForward) _backend.ActivateGated(Spec.Activation, first, gateUp.Slice(Spec.FeedForwardSize, Spec.FeedForwardSize), inner);
        else _backend.Activate(Spec.Activation, first, inner);

        AddBlock(inner, weights.Down, x, weights.FeedForwardNorm);
    }

    /// <summary>What a block reads: the residual stream, normed where norms come first.</summary>
    private Tensor BlockInput(Tensor x, NormWeights norm, Activations buffers)
    {
        Tensor normed = buffers.Normed.FirstRows(x.Rows);
        if (Spec.NormPlacement != NormPlacement.BeforeBlock) return ForProduct(x, normed);
        Norm(x, norm, normed);
        return normed;
    }

    /// <summary>The same in the type that products read; the buffer is where it goes if that isn't its own.</summary>
    private Tensor ForProduct(Tensor x, Tensor buffer)
    {
        if (x.Type == buffer.Type) return x;
        _backend.Convert(x, buffer);
        return buffer;
    }

    /// <summary>A block's last product, added to the residual stream.</summary>
    private void AddBlock(Tensor inner, LinearWeights output, Tensor x, NormWeights norm)
    {
        _backend.Linear(inner, output.Weight, output.Bias, x, accumulate: true);
        if (Spec.NormPlacement == NormPlacement.AfterResidual) Norm(x, norm, x);
    }

    /// <summary>Only rows whose logits are wanted go through the final norm and the head.</summary>
    private void Logits(Tensor x, StepBatch batch, Activations buffers)
    {
        Tensor last = buffers.Last.FirstRows(batch.LogitRows);
        _backend.GatherRows(x, batch.LogitTokens, last);
        Tensor normed = buffers.LastNormed.FirstRows(batch.LogitRows);
        if (_weights.FinalNorm is { } norm)
        {
            Norm(last, norm, normed);
            last = normed;
        }
        else
        {
            last = ForProduct(last, normed);
        }

        if (_weights.ProjectOut is not null)
        {
            Tensor projected = buffers.LastProjected.FirstRows(batch.LogitRows);
            _backend.Linear(last, _weights.ProjectOut, default, projected);
            last = projected;
        }

        _backend.Linear(last, _weights.Head!, default, buffers.Logits.FirstRows(batch.LogitRows));
    }

    private void Norm(Tensor x, NormWeights norm, Tensor y)
    {
        if (Spec.Norm.Kind == NormKind.Rms) _backend.RmsNorm(x, norm.Scale, Spec.Norm.Epsilon, y);
        else _backend.LayerNorm(x, norm.Scale, norm.Shift, Spec.Norm.Epsilon, y);
    }
}
