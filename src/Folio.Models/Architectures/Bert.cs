using Folio.Formats;

namespace Folio.Models;

/// <summary>BERT and what is made like it (MiniLM, BGE, E5): an encoder with learnt positions, kinds of tokens, norms after its blocks and biases everywhere.</summary>
/// <remarks>Source: transformers' BertModel; GGUF architecture "bert". A head for masked tokens, where there is one, and the pooler are not read.</remarks>
internal static class Bert
{
    public static readonly Architecture Architecture = new(["BertModel", "BertForMaskedLM", "bert"], "bert", Describe, new TensorNames(
        (Role.TokenEmbedding, "bert.embeddings.word_embeddings"),
        (Role.PositionEmbedding, "bert.embeddings.position_embeddings"),
        (Role.TokenTypeEmbedding, "bert.embeddings.token_type_embeddings"),
        (Role.EmbeddingNorm, "bert.embeddings.LayerNorm"),
        (Role.Query, "bert.encoder.layer.{layer}.attention.self.query"),
        (Role.Key, "bert.encoder.layer.{layer}.attention.self.key"),
        (Role.Value, "bert.encoder.layer.{layer}.attention.self.value"),
        (Role.AttentionOutput, "bert.encoder.layer.{layer}.attention.output.dense"),
        (Role.AttentionNorm, "bert.encoder.layer.{layer}.attention.output.LayerNorm"),
        (Role.Up, "bert.encoder.layer.{layer}.intermediate.dense"),
        (Role.Down, "bert.encoder.layer.{layer}.output.dense"),
        (Role.FeedForwardNorm, "bert.encoder.layer.{layer}.output.LayerNorm"))
    {
        OptionalPrefix = "bert.",
    })
    {
        GgufTensors = new TensorNames(
            (Role.TokenEmbedding, "token_embd"),
            (Role.PositionEmbedding, "position_embd"),
            (Role.TokenTypeEmbedding, "token_types"),
            (Role.EmbeddingNorm, "token_embd_norm"),
            (Role.Query, "blk.{layer}.attn_q"),
            (Role.Key, "blk.{layer}.attn_k"),
            (Role.Value, "blk.{layer}.attn_v"),
            (Role.AttentionOutput, "blk.{layer}.attn_output"),
            (Role.AttentionNorm, "blk.{layer}.attn_output_norm"),
            (Role.Up, "blk.{layer}.ffn_up"),
            (Role.Down, "blk.{layer}.ffn_down"),
            (Role.FeedForwardNorm, "blk.{layer}.layer_output_norm")),
    };

    private static DecoderSpec Describe(ModelConfig config)
    {
        if (config.Text("position_embedding_type") is { } positionKind and not "absolute") throw new ModelFormatException(config.File, $"'position_embedding_type' is \"{positionKind}\"; \"absolute\" is supported.");
        if (config.Flag("is_decoder") is true) throw new ModelFormatException(config.File, "'is_decoder' is true; BERT is supported as an encoder.");
        int positions = config.ContextLength ?? 512;
        return new DecoderSpec
        {
            VocabularySize = config.VocabularySize,
            ContextLength = positions,
            HiddenSize = config.HiddenSize,
            Heads = config.Heads,
            KvHeads = config.Heads,
            HeadDim = config.HiddenSize / config.Heads,
            FeedForwardSize = config.FeedForwardSize ?? 4 * config.HiddenSize,
            Activation = ActivationNames.Of(config, "gelu"),
            Norm = new(NormKind.Layer, (float)(config.NormEpsilon ?? 1e-12)),
            NormPlacement = NormPlacement.AfterResidual,
            EmbeddingNorm = true,
            FinalNorm = false,
            Biases = Biases.All,
            Positions = new(positions),
            TokenTypes = config.Count(config.VocabularySize, "type_vocab_size") ?? 2,
            Causal = false,
            HasHead = false,
            Layers = LayerSpec.Repeat(config.Layers, config.HiddenSize / config.Heads),
        };
    }
}
