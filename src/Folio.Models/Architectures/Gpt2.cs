using Folio.Formats;

namespace Folio.Models;

/// <summary>GPT-2: learnt positions, layer norms, biases everywhere; queries, keys and values in one matrix, stored as [inputs, outputs] like all its matrices.</summary>
/// <remarks>Source: transformers' GPT2LMHeadModel; GGUF architecture "gpt2", whose converter turns the matrices round.</remarks>
internal static class Gpt2
{
    public static readonly Architecture Architecture = new(["GPT2LMHeadModel", "gpt2"], "gpt2", Describe, new TensorNames(
        (Role.TokenEmbedding, "transformer.wte"),
        (Role.PositionEmbedding, "transformer.wpe"),
        (Role.AttentionNorm, "transformer.h.{layer}.ln_1"),
        (Role.QueryKeyValue, "transformer.h.{layer}.attn.c_attn"),
        (Role.AttentionOutput, "transformer.h.{layer}.attn.c_proj"),
        (Role.FeedForwardNorm, "transformer.h.{layer}.ln_2"),
        (Role.Up, "transformer.h.{layer}.mlp.c_fc"),
        (Role.Down, "transformer.h.{layer}.mlp.c_proj"),
        (Role.FinalNorm, "transformer.ln_f"),
        (Role.Head, "lm_head"))
    {
        OptionalPrefix = "transformer.",
        Transposed = [Role.QueryKeyValue, Role.AttentionOutput, Role.Up, Role.Down],
    })
    {
        GgufTensors = Gguf.Names.With((Role.QueryKeyValue, "blk.{layer}.attn_qkv")),
    };

    private static DecoderSpec Describe(ModelConfig config)
    {
        int positions = config.ContextLength ?? 1024;
        return new DecoderSpec
        {
            VocabularySize = config.VocabularySize,
            ContextLength = positions,
            HiddenSize = config.HiddenSize,
            Heads = config.Heads,
            KvHeads = config.Heads,
            HeadDim = config.HiddenSize / config.Heads,
            FeedForwardSize = config.FeedForwardSize ?? 4 * config.HiddenSize,
            Activation = ActivationNames.Of(config, "gelu_new"),
            Norm = new(NormKind.Layer, (float)(config.NormEpsilon ?? 1e-5)),
            Biases = Biases.All,
            Positions = new(positions),
            TiedHead = config.TieWordEmbeddings ?? true,
            Layers = [.. Enumerable.Range(0, config.Layers).Select(layer => new LayerSpec(AttentionScale(config, layer)))],
        };
    }

    private static float AttentionScale(ModelConfig config, int layer)
    {
        float scale = config.Flag("scale_attn_weights") is false ? 1 : 1 / MathF.Sqrt(config.HiddenSize / config.Heads);
        return config.Flag("scale_attn_by_inverse_layer_idx") is true ? scale / (layer + 1) : scale;
    }
}
