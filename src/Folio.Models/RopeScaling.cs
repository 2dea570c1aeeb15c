namespace Folio.Models;

/// <summary>How a model stretches its rotary positions beyond the length it was first trained on.</summary>
/// <remarks>The formulas are those of Hugging Face transformers 5 (modeling_rope_utils.py), in fp32 like there.</remarks>
public abstract record RopeScaling
{
    public static RopeScaling None { get; } = new Unscaled();

    /// <summary>What cosines and sines are multiplied by.</summary>
    public virtual float AttentionFactor => 1;

    /// <summary>Whether the angles depend on the length of the sequence, not on the position alone.</summary>
    public virtual bool DependsOnLength => false;

    /// <summary>Tokens that the scaled positions reach, for a model first trained on <paramref name="positions"/>.</summary>
    public virtual int ContextLength(int positions) => positions;

    /// <summary>Scales the plain frequencies in place.</summary>
    /// <param name="theta">The base of the plain frequencies.</param>
    /// <param name="length">Tokens of the sequence; matters only where <see cref="DependsOnLength"/>.</param>
    /// <param name="frequencies">[rotaryDim / 2] radians per position.</param>
    public abstract void Apply(float theta, int length, Span<float> frequencies);

    /// <summary>Plain RoPE: frequency i is θ^(−2i / rotaryDim).</summary>
    internal static void Plain(double theta, Span<float> frequencies)
    {
        for (int i = 0; i < frequencies.Length; i++) frequencies[i] = 1 / (float)Math.Pow(theta, i / (float)frequencies.Length);
    }

    private sealed record Unscaled : RopeScaling
    {
        public override void Apply(float theta, int length, Span<float> frequencies) { }
    }
}

/// <summary>Position interpolation: every position is divided by the factor.</summary>
public sealed record LinearScaling(float Factor) : RopeScaling
{
    public override int ContextLength(int positions) => (int)(positions * Factor);

    public override void Apply(float theta, int length, Span<float> frequencies)
    {
        foreach (ref float frequency in frequencies) frequency /= Factor;
    }
}

/// <summary>Dynamic NTK: beyond the trained length the base grows with the length of the sequence.</summary>
/// <param name="Positions">The trained length (max_position_embeddings).</param>
public sealed record DynamicNtkScaling(float Factor, int Positions) : RopeScaling
{
    public override bool DependsOnLength => true;

    public override int ContextLength(int positions) => (int)(positions * Factor);

    public override void Apply(float theta, int length, Span<float> frequencies)
    {
        if (length <= Positions) return;
        double dim = 2 * frequencies.Length;
        Plain(theta * Math.Pow((double)Factor * length / Positions - (Factor - 1), dim / (dim - 2)), frequencies);
    }
}

/// <summary>Llama 3.1: long waves are stretched, short ones stay, those between are blended.</summary>
/// <param name="OriginalContext">The length first trained on.</param>
public sealed record Llama3Scaling(float Factor, float LowFrequencyFactor, float HighFrequencyFactor, int OriginalContext) : RopeScaling
{
    public override void Apply(float theta, int length, Span<float> frequencies)
    {
        foreach (ref float frequency in frequencies)
        {
            float wavesInContext = OriginalContext / (2 * MathF.PI / frequency);
            if (wavesInContext < LowFrequencyFactor)
            {
                frequency /= Factor;
            }
            else if (wavesInContext <= HighFrequencyFactor)
            {
                float smooth = (wavesInContext - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor);
                frequency = (1 - smooth) * frequency / Factor + smooth * frequency;
            }
        }
    }
}

/// <summary>YaRN (arXiv 2309.00071): channels that turn seldom within the trained length are interpolated, fast ones are not.</summary>
/// <param name="OriginalContext">The length first trained on.</param>
/// <param name="BetaFast">Rotations within it above which a channel stays as it is.</param>
/// <param name="BetaSlow">Rotations within it below which a channel is fully interpolated.</param>
/// <param name="Attention">See <see cref="RopeScaling.AttentionFactor"/>; <see cref="Mscale"/> of the factor unless the config names one.</param>
/// <param name="Truncate">Whether the bounds of the blend are rounded outwards to whole channels.</param>
public sealed record YarnScaling(float Factor, int OriginalContext, float BetaFast, float BetaSlow, float Attention, bool Truncate = true) : RopeScaling
{
    public override float AttentionFactor => Attention;

    public override int ContextLength(int positions) => (int)(OriginalContext * Factor);

    /// <summary>0.1 · weight · ln(factor) + 1: the paper's temperature of attention.</summary>
    public static float Mscale(float factor, float weight = 1) => factor <= 1 ? 1 : (float)(0.1 * weight * Math.Log(factor) + 1);

    public override void Apply(float theta, int length, Span<float> frequencies)
    {
        int dim = 2 * frequencies.Length;
        double low = ChannelOfRotations(BetaFast, dim, theta);
        double high = ChannelOfRotations(BetaSlow, dim, theta);
        if (Truncate) (low, high) = (Math.Floor(low), Math.Ceiling(high));
        low = Math.Max(low, 0);
        high = Math.Min(high, dim - 1);
        if (low == high) high += 0.001; // as transformers does, against a division by zero

        for (int i = 0; i < frequencies.Length; i++)
        {
            float interpolated = Math.Clamp((float)((i - low) / (high - low)), 0, 1);
            frequencies[i] = frequencies[i] / Factor * interpolated + frequencies[i] * (1 - interpolated);
        }
    }

    /// <summary>The channel pair, as a real number, that turns so often within the trained length.</summary>
    private double ChannelOfRotations(double rotations, int dim, double theta) =>
        dim * Math.Log(OriginalContext / (rotations * 2 * Math.PI)) / (2 * Math.Log(theta));
}

/// <summary>A stored divisor for each frequency: GGUF's rope_freqs.weight, into which llama.cpp's converter bakes Llama 3's scaling.</summary>
/// <param name="Divisors">[rotaryDim / 2]</param>
public sealed record StoredScaling(float[] Divisors) : RopeScaling
{
    public override void Apply(float theta, int length, Span<float> frequencies)
    {
        for (int i = 0; i < frequencies.Length; i++) frequencies[i] /= Divisors[i];
    }
}
