using Folio.Compute;
using Folio.Formats;

namespace Folio.Models;

/// <summary>Rotary positions of one kind of layer.</summary>
/// <param name="Theta">The base of the frequencies.</param>
/// <param name="RotaryDim">Channels of a head that turn: its first ones.</param>
public sealed record RopeSpec(float Theta, int RotaryDim, RopeStyle Style, RopeScaling Scaling)
{
    /// <summary>What a config says of its (full-attention) layers' positions.</summary>
    /// <param name="positions">max_position_embeddings.</param>
    internal static RopeSpec Of(ModelConfig config, int headDim, int positions)
    {
        RopeConfig rope = config.Rope;
        int rotaryDim = rope.RotaryDim ?? (int)(headDim * (rope.PartialRotaryFactor ?? 1));
        if (rotaryDim < 2 || rotaryDim > headDim || rotaryDim % 2 != 0)
        {
            throw new ModelFormatException(config.File, $"{rotaryDim} rotary channels are asked for; an even number up to the head's {headDim} is expected.");
        }

        return new((float)Positive("rope_theta", rope.Theta ?? 10_000), rotaryDim, RopeStyle.Halves, Scaling());

        RopeScaling Scaling() => rope.Type switch
        {
            "default" => RopeScaling.None,
            "linear" => new LinearScaling(Factor()),
            "dynamic" => new DynamicNtkScaling(Factor(), positions),
            "llama3" => new Llama3Scaling(
                Factor(), (float)Positive("low_freq_factor", rope.LowFrequencyFactor), (float)Positive("high_freq_factor", rope.HighFrequencyFactor), Original()),
            "yarn" => Yarn(),
            string other => throw new ModelFormatException(config.File, $"the rope type '{other}' is not supported; these are: default, linear, dynamic, llama3, yarn."),
        };

        YarnScaling Yarn()
        {
            // DeepSeek writes both weights; their quotient is what remains of the temperature here, the rest being in its attention scale.
            float factor = rope.Factor is null ? (float)positions / Original() : Factor();
            float attention = rope is { Mscale: > 0 and double own, MscaleAllDim: > 0 and double all }
                ? YarnScaling.Mscale(factor, (float)own) / YarnScaling.Mscale(factor, (float)all)
                : YarnScaling.Mscale(factor);
            return new(factor, Original(), (float)Positive("beta_fast", rope.BetaFast ?? 32), (float)Positive("beta_slow", rope.BetaSlow ?? 1),
                (float)(rope.AttentionFactor ?? attention), rope.Truncate ?? true);
        }

        float Factor() => (float)Positive("factor", rope.Factor);

        int Original() => (int)Positive("original_max_position_embeddings", rope.OriginalContextLength ?? positions);

        double Positive(string key, double? value) => value switch
        {
            > 0 => value.Value,
            null => throw new ModelFormatException(config.File, $"'{key}' is missing; rope type '{rope.Type}' needs it."),
            _ => throw new ModelFormatException(config.File, $"'{key}' is {value}; a number above 0 is expected."),
        };
    }
}
