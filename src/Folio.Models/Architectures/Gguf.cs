using Folio.Compute;
using Folio.Formats;

namespace Folio.Models;

/// <summary>What GGUF files have in common, whatever the architecture.</summary>
/// <remarks>Source: gguf-py's constants.py (names) and llama.cpp's model loading (what a missing tensor means).</remarks>
internal static class Gguf
{
    private const string RopeDivisors = "rope_freqs.weight";
    private const int MostTokenTypes = 65_536;

    public static readonly TensorNames Names = new(
        (Role.TokenEmbedding, "token_embd"),
        (Role.PositionEmbedding, "position_embd"),
        (Role.AttentionNorm, "blk.{layer}.attn_norm"),
        (Role.Query, "blk.{layer}.attn_q"),
        (Role.Key, "blk.{layer}.attn_k"),
        (Role.Value, "blk.{layer}.attn_v"),
        (Role.QueryNorm, "blk.{layer}.attn_q_norm"),
        (Role.KeyNorm, "blk.{layer}.attn_k_norm"),
        (Role.AttentionOutput, "blk.{layer}.attn_output"),
        (Role.FeedForwardNorm, "blk.{layer}.ffn_norm"),
        (Role.Gate, "blk.{layer}.ffn_gate"),
        (Role.Up, "blk.{layer}.ffn_up"),
        (Role.Down, "blk.{layer}.ffn_down"),
        (Role.FinalNorm, "output_norm"),
        (Role.Head, "output"));

    /// <summary>What config.json says by flags, GGUF says by the presence of tensors; and its rotary channels may lie otherwise.</summary>
    public static DecoderSpec Complete(DecoderSpec spec, ModelSource source, Architecture architecture)
    {
        TensorNames names = architecture.GgufTensors;
        RopeScaling? stored = null;
        if (spec.Layers.Select(layer => layer.Rope).OfType<RopeSpec>().FirstOrDefault() is { } turning && source.Tensors.TryGet(RopeDivisors, out StoredTensor? divisors))
        {
            float[] values = StoredTypes.ToFloats(divisors.ExpectShape(source.ConfigName, turning.RotaryDim / 2));
            if (!values.All(value => value > 0 && float.IsFinite(value))) throw divisors.Problem("holds divisors that are not positive numbers.");
            stored = new StoredScaling(values);
        }

        return spec with
        {
            TiedHead = !Has(Role.Head, "weight"),
            TokenTypes = TokenTypes(),
            Biases = spec.Biases | Present(Biases.QueryKeyValue, Role.Query, Role.QueryKeyValue) | Present(Biases.AttentionOutput, Role.AttentionOutput) | Present(Biases.FeedForward, Role.Up),
            Layers = [.. spec.Layers.Select(Complete)],
        };

        LayerSpec Complete(LayerSpec layer) =>
            layer.Rope is { } rope ? layer with { Rope = rope with { Style = architecture.GgufRope, Scaling = stored ?? rope.Scaling } } : layer;

        int TokenTypes() => spec.TokenTypes == 0 || !Has(Role.TokenTypeEmbedding, "weight") ? 0
            : source.Tensors.Get(names.Of(Role.TokenTypeEmbedding, 0, "weight")).Shape is [long rows, _] && rows <= MostTokenTypes ? (int)rows
            : throw source.Tensors.Get(names.Of(Role.TokenTypeEmbedding, 0, "weight")).Problem($"is expected to have at most {MostTokenTypes} rows.");

        Biases Present(Biases biases, params ReadOnlySpan<Role> roles)
        {
            foreach (Role role in roles) if (Has(role, "bias")) return biases;
            return Biases.None;
        }

        bool Has(Role role, string ending) => names.Has(role) && source.Tensors.TryGet(names.Of(role, 0, ending), out _);
    }
}
