namespace Folio.GpuBench;

/// <summary>Seconds of several runs.</summary>
internal readonly record struct Samples(double Median, double Low, double High, int Runs)
{
    public static Samples Of(List<double> seconds)
    {
        seconds.Sort();
        return new(seconds[seconds.Count / 2], seconds[0], seconds[^1], seconds.Count);
    }

    /// <summary>Of one of several equal pieces of the work.</summary>
    public static Samples operator /(Samples all, double pieces) => new(all.Median / pieces, all.Low / pieces, all.High / pieces, all.Runs);
}
