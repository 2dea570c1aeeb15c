using Folio.Formats;

namespace Folio.Models;

/// <summary>Qwen 3: Llama with an RMS norm on each head's queries and keys, and the windows of Qwen 2.</summary>
/// <remarks>Source: transformers' Qwen3ForCausalLM; GGUF architecture "qwen3".</remarks>
internal static class Qwen3
{
    public static readonly Architecture Architecture = new(["Qwen3ForCausalLM", "qwen3"], "qwen3", Describe, Llama.Names.With(
        (Role.QueryNorm, "model.layers.{layer}.self_attn.q_norm"),
        (Role.KeyNorm, "model.layers.{layer}.self_attn.k_norm")))
    {
        NamesWithoutHead = ["Qwen3Model"],
    };

    private static DecoderSpec Describe(ModelConfig config) =>
        Qwen2.Windowed(Llama.Describe(config, headDim: 128, contextLength: 32_768) with { QueryKeyNorm = true }, config);
}
