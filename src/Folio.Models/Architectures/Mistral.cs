using Folio.Formats;

namespace Folio.Models;

/// <summary>Mistral: Llama with a sliding window in every layer, which later versions leave out. In GGUF these are "llama".</summary>
/// <remarks>Source: transformers' MistralForCausalLM.</remarks>
internal static class Mistral
{
    public static readonly Architecture Architecture = new(["MistralForCausalLM", "mistral"], null, Describe, Llama.Names) { NamesWithoutHead = ["MistralModel"] };

    private static DecoderSpec Describe(ModelConfig config)
    {
        DecoderSpec llama = Llama.Describe(config, contextLength: 131_072);
        int window = config.Keys.Contains("sliding_window") ? config.SlidingWindow ?? 0 : 4096;
        return llama with { Biases = Biases.None, Layers = [.. llama.Layers.Select(layer => layer with { Window = window })] };
    }
}
