namespace Folio.Bench;

/// <summary>Mean, deviation and percentiles of measured values, as numpy has them (percentiles linear between neighbours); 0 where nothing was measured.</summary>
internal sealed class Distribution
{
    private readonly double[] _sorted;

    public Distribution(IEnumerable<double> values)
    {
        _sorted = [.. values.Order()];
        if (_sorted.Length == 0) return;
        Mean = _sorted.Average();
        Deviation = Math.Sqrt(_sorted.Average(value => (value - Mean) * (value - Mean)));
    }

    public double Mean { get; }

    /// <summary>The standard deviation of these values, not an estimate for more of them.</summary>
    public double Deviation { get; }

    public double Median => Percentile(50);

    /// <param name="percent">[0, 100]</param>
    public double Percentile(double percent)
    {
        if (_sorted.Length == 0) return 0;
        double position = percent / 100 * (_sorted.Length - 1);
        int below = (int)position, above = Math.Min(below + 1, _sorted.Length - 1);
        return _sorted[below] + (position - below) * (_sorted[above] - _sorted[below]);
    }
}
