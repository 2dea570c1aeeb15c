namespace Folio.Simulation;

/// <summary>Times in buckets that are 1 % apart, from 1 µs to 10⁶ s: quantiles of any number of them in constant space.</summary>
public sealed class Histogram
{
    private const double Least = 1e-6;
    private const double Ratio = 1.01;
    private static readonly double s_logRatio = Math.Log(Ratio);

    private readonly long[] _counts = new long[(int)(Math.Log(1e12) / s_logRatio) + 2];

    public long Count { get; private set; }

    public void Add(double seconds)
    {
        _counts[Bucket(seconds)]++;
        Count++;
    }

    /// <summary>The upper edge of the bucket in which the quantile lies.</summary>
    public double Quantile(double share)
    {
        long rank = Math.Max(1, (long)Math.Ceiling(share * Count)), seen = 0;
        for (int bucket = 0; bucket < _counts.Length; bucket++)
        {
            if ((seen += _counts[bucket]) >= rank) return Least * Math.Pow(Ratio, bucket);
        }

        return 0;
    }

    private int Bucket(double seconds) => seconds <= Least ? 0 : Math.Min(_counts.Length - 1, (int)Math.Ceiling(Math.Log(seconds / Least) / s_logRatio));
}
