using System.Globalization;

namespace Folio.Bench;

/// <summary>Which figures of the latencies are told.</summary>
/// <param name="Metrics">Some of <see cref="ServingResult.MetricKeys"/>.</param>
/// <param name="Percentiles">[0, 100]</param>
internal sealed record ResultChoices(IReadOnlyList<string> Metrics, IReadOnlyList<double> Percentiles)
{
    /// <param name="metrics">ttft,tpot,itl,e2el</param>
    /// <param name="percentiles">50,99</param>
    /// <exception cref="FolioException">One of them isn't known or isn't a percentile.</exception>
    public static ResultChoices Parse(string metrics, string percentiles)
    {
        string[] keys = metrics.Split(',', StringSplitOptions.TrimEntries);
        if (keys.FirstOrDefault(key => !ServingResult.MetricKeys.Contains(key)) is { } unknown)
            throw new FolioException($"--percentile-metrics has '{unknown}'; some of {string.Join(',', ServingResult.MetricKeys)} were expected.");
        return new(keys, [.. percentiles.Split(',', StringSplitOptions.TrimEntries).Select(Percentile)]);
    }

    public IEnumerable<LatencyMetric> Of(ServingResult result) => result.Metrics.Where(metric => Metrics.Contains(metric.Key));

    /// <summary>99, or 99.9</summary>
    public static string Word(double percent) => percent.ToString("0.####", CultureInfo.InvariantCulture);

    private static double Percentile(string text) => double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double percent) && percent <= 100
        ? percent
        : throw new FolioException($"--metric-percentiles has '{text}'; numbers from 0 to 100 were expected, as in 50,99.");
}
