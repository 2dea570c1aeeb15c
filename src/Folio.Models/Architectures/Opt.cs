using Folio.Formats;

namespace Folio.Models;

/// <summary>OPT: learnt positions from row 2 on, ReLU, biases; the 350M model norms after its blocks and has narrower embeddings.</summary>
/// <remarks>Source: transformers' OPTForCausalLM. llama.cpp doesn't know it.</remarks>
internal static class Opt
{
    public static readonly Architecture Architecture = new(["OPTForCausalLM", "opt"], null, Describe, new TensorNames(
        (Role.TokenEmbedding, "model.decoder.embed_tokens"),
        (Role.PositionEmbedding, "model.decoder.embed_positions"),
        (Role.ProjectIn, "model.decoder.project_in"),
        (Role.AttentionNorm, "model.decoder.layers.{layer}.self_attn_layer_norm"),
        (Role.Query, "model.decoder.layers.{layer}.self_attn.q_proj"),
        (Role.Key, "model.decoder.layers.{layer}.self_attn.k_proj"),
        (Role.Value, "model.decoder.layers.{layer}.self_attn.v_proj"),
        (Role.AttentionOutput, "model.decoder.layers.{layer}.self_attn.out_proj"),
        (Role.FeedForwardNorm, "model.decoder.layers.{layer}.final_layer_norm"),
        (Role.Up, "model.decoder.layers.{layer}.fc1"),
        (Role.Down, "model.decoder.layers.{layer}.fc2"),
        (Role.FinalNorm, "model.decoder.final_layer_norm"),
        (Role.ProjectOut, "model.decoder.project_out"),
        (Role.Head, "lm_head"))
    {
        OptionalPrefix = "model.",
    });

    private static DecoderSpec Describe(ModelConfig config)
    {
        int positions = config.ContextLength ?? 2048;
        bool normsFirst = config.Flag("do_layer_norm_before") ?? true;
        return new DecoderSpec
        {
            VocabularySize = config.VocabularySize,
            ContextLength = positions,
            HiddenSize = config.HiddenSize,
            EmbeddingSize = config.Count(config.HiddenSize, "word_embed_proj_dim") ?? config.HiddenSize,
            Heads = config.Heads,
            KvHeads = config.Heads,
            HeadDim = config.HiddenSize / config.Heads,
            FeedForwardSize = config.FeedForwardSize ?? 4 * config.HiddenSize,
            Activation = ActivationNames.Of(config, "relu"),
            Norm = new(NormKind.Layer, 1e-5f, Affine: config.Flag("layer_norm_elementwise_affine") ?? true),
            NormPlacement = normsFirst ? NormPlacement.BeforeBlock : NormPlacement.AfterResidual,
            FinalNorm = normsFirst && config.Flag("_remove_final_layer_norm") is not true,
            Biases = config.Flag("enable_bias") is false ? Biases.None : Biases.All,
            Positions = new(positions + 2, Offset: 2),
            TiedHead = config.TieWordEmbeddings ?? true,
            Layers = LayerSpec.Repeat(config.Layers, config.HiddenSize / config.Heads),
        };
    }
}
