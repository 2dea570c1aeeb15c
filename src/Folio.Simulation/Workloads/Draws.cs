namespace Folio.Simulation;

/// <summary>Random numbers that are a function of the seed alone, on every machine (SplitMix64).</summary>
public sealed class Draws(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A well-mixed function of two numbers: made-up token ids, streams of their own.</summary>
    public static ulong Mix(ulong a, ulong b) => Finish(Finish(a + 0x9E3779B97F4A7C15) ^ b);

    public ulong Next() => Finish(_state += 0x9E3779B97F4A7C15);

    /// <summary>(0, 1): never 0, so that a logarithm may be taken.</summary>
    public double NextUniform() => ((Next() >> 11) + 0.5) / (1L << 53);

    /// <summary>A time between two arrivals of a Poisson process.</summary>
    public double NextExponential(double mean) => -mean * Math.Log(NextUniform());

    /// <summary>The standard normal distribution (Box and Muller).</summary>
    public double NextNormal() => Math.Sqrt(-2 * Math.Log(NextUniform())) * Math.Cos(2 * Math.PI * NextUniform());

    /// <summary>The gamma distribution, of mean shape · scale and variance shape · scale².</summary>
    /// <remarks>Marsaglia and Tsang, "A simple method for generating gamma variables" (2000), section 6 for shapes below 1.</remarks>
    public double NextGamma(double shape, double scale)
    {
        if (shape < 1) return NextGamma(shape + 1, scale) * Math.Pow(NextUniform(), 1 / shape);
        double d = shape - 1.0 / 3, c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = NextNormal(), v = Math.Pow(1 + c * x, 3);
            if (v > 0 && Math.Log(NextUniform()) < x * x / 2 + d * (1 - v + Math.Log(v))) return d * v * scale;
        }
    }

    /// <summary>[0, count)</summary>
    public int NextIndex(int count) => (int)(NextUniform() * count);

    private static ulong Finish(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
