using Folio.Formats;

namespace Folio.Models;

/// <summary>Qwen 2 and 2.5: Llama with biases on queries, keys and values, and a sliding window in the later layers if it is switched on.</summary>
/// <remarks>Source: transformers' Qwen2ForCausalLM; GGUF architecture "qwen2".</remarks>
internal static class Qwen2
{
    public static readonly Architecture Architecture = new(["Qwen2ForCausalLM", "qwen2"], "qwen2", Describe, Llama.Names) { NamesWithoutHead = ["Qwen2Model"] };

    /// <summary>Some layers with a window: those of type "sliding_attention" or, where no types are given, those from max_window_layers on.</summary>
    public static DecoderSpec Windowed(DecoderSpec spec, ModelConfig config)
    {
        if (config.UseSlidingWindow is not true) return spec;
        int window = config.Keys.Contains("sliding_window") ? config.SlidingWindow ?? 0 : 4096;
        int firstWindowed = config.MaxWindowLayers ?? 28;
        IReadOnlyList<string>? types = config.LayerTypes;
        return spec with { Layers = [.. spec.Layers.Select((layer, i) => IsWindowed(i) ? layer with { Window = window } : layer)] };

        bool IsWindowed(int layer) => types is null ? layer >= firstWindowed : types[layer] == "sliding_attention";
    }

    private static DecoderSpec Describe(ModelConfig config) =>
        Windowed(Llama.Describe(config, contextLength: 32_768) with { Biases = Biases.QueryKeyValue }, config);
}
