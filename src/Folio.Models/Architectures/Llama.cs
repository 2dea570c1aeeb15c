using Folio.Compute;
using Folio.Formats;

namespace Folio.Models;

/// <summary>Llama 2 and 3, and what is made like them: TinyLlama, SmolLM2; in GGUF Mistral too.</summary>
/// <remarks>Source: transformers' LlamaForCausalLM; GGUF architecture "llama", whose converter permutes the rows of queries and keys.</remarks>
internal static class Llama
{
    public static readonly TensorNames Names = new(
        (Role.TokenEmbedding, "model.embed_tokens"),
        (Role.AttentionNorm, "model.layers.{layer}.input_layernorm"),
        (Role.Query, "model.layers.{layer}.self_attn.q_proj"),
        (Role.Key, "model.layers.{layer}.self_attn.k_proj"),
        (Role.Value, "model.layers.{layer}.self_attn.v_proj"),
        (Role.AttentionOutput, "model.layers.{layer}.self_attn.o_proj"),
        (Role.FeedForwardNorm, "model.layers.{layer}.post_attention_layernorm"),
        (Role.Gate, "model.layers.{layer}.mlp.gate_proj"),
        (Role.Up, "model.layers.{layer}.mlp.up_proj"),
        (Role.Down, "model.layers.{layer}.mlp.down_proj"),
        (Role.FinalNorm, "model.norm"),
        (Role.Head, "lm_head"))
    {
        OptionalPrefix = "model.",
    };

    public static readonly Architecture Architecture = new(["LlamaForCausalLM", "llama"], "llama", config => Describe(config), Names) { GgufRope = RopeStyle.Interleaved, NamesWithoutHead = ["LlamaModel"] };

    /// <param name="headDim">Where the config names none; null: the hidden size shared among the heads.</param>
    /// <param name="contextLength">Where the config names none.</param>
    public static DecoderSpec Describe(ModelConfig config, int? headDim = null, int contextLength = 2048)
    {
        int channels = config.HeadDim ?? headDim ?? config.HiddenSize / config.Heads;
        int positions = config.ContextLength ?? contextLength;
        RopeSpec rope = RopeSpec.Of(config, channels, positions);
        return new DecoderSpec
        {
            VocabularySize = config.VocabularySize,
            ContextLength = rope.Scaling.ContextLength(positions),
            HiddenSize = config.HiddenSize,
            Heads = config.Heads,
            KvHeads = config.KvHeads,
            HeadDim = channels,
            FeedForwardSize = config.FeedForwardSize ?? throw new ModelFormatException(config.File, "'intermediate_size' is missing."),
            GatedFeedForward = true,
            Activation = ActivationNames.Of(config, "silu"),
            Norm = new(NormKind.Rms, (float)(config.NormEpsilon ?? 1e-6)),
            Biases = (config.AttentionBias is true ? Biases.QueryKeyValue | Biases.AttentionOutput : 0) | (config.MlpBias is true ? Biases.FeedForward : 0),
            TiedHead = config.TieWordEmbeddings ?? false,
            Layers = LayerSpec.Repeat(config.Layers, channels, rope),
        };
    }
}
