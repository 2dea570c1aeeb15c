namespace Folio.Bench;

/// <summary>One kind of latency of all requests.</summary>
/// <param name="Key">As options and result files name it: ttft.</param>
/// <param name="Name">As the table names it: TTFT.</param>
internal sealed record LatencyMetric(string Key, string Name, string Heading, Distribution Milliseconds);

/// <summary>The figures of a run against a server. Their definitions are those of vLLM's serving benchmark.</summary>
internal sealed class ServingResult
{
    /// <summary>The metrics that there are.</summary>
    public static readonly string[] MetricKeys = ["ttft", "tpot", "itl", "e2el"];

    private readonly RequestOutcome[] _good;

    public ServingResult(IReadOnlyList<RequestOutcome> outcomes, double seconds, Goodput? goodput)
    {
        (Outcomes, Seconds) = (outcomes, seconds);
        _good = [.. outcomes.Where(outcome => outcome.Succeeded)];
        InputTokens = _good.Sum(outcome => (long)outcome.PromptTokens);
        OutputTokens = _good.Sum(outcome => (long)outcome.OutputTokens);
        RequestGoodput = goodput is null ? null : _good.Count(goodput.IsKeptBy) / seconds;
        Metrics =
        [
            Metric("ttft", "Time to First Token", _good.Select(outcome => outcome.FirstToken)),
            Metric("tpot", "Time per Output Token (excl. 1st token)", _good.Where(outcome => outcome.OutputTokens > 1).Select(outcome => outcome.TimePerToken)),
            Metric("itl", "Inter-token Latency", _good.SelectMany(outcome => outcome.Gaps)),
            Metric("e2el", "End-to-end Latency", _good.Select(outcome => outcome.Latency)),
        ];
    }

    /// <summary>In the order of the requests.</summary>
    public IReadOnlyList<RequestOutcome> Outcomes { get; }

    public double Seconds { get; }

    public int Completed => _good.Length;

    public int Failed => Outcomes.Count - _good.Length;

    public long InputTokens { get; }

    public long OutputTokens { get; }

    /// <summary>Good requests a second; null: nothing was asked of them.</summary>
    public double? RequestGoodput { get; }

    public double RequestThroughput => Completed / Seconds;

    public double OutputThroughput => OutputTokens / Seconds;

    public double TotalThroughput => (InputTokens + OutputTokens) / Seconds;

    /// <summary>In the order of <see cref="MetricKeys"/>.</summary>
    public IReadOnlyList<LatencyMetric> Metrics { get; }

    /// <summary>Tokens in the busiest second, counted from the first request.</summary>
    public int PeakTokensPerSecond()
    {
        double start = _good.Length == 0 ? 0 : _good.Min(outcome => outcome.Start);
        return _good.SelectMany(TokenTimes).CountBy(time => (int)(time - start)).Select(second => second.Value).DefaultIfEmpty().Max();
    }

    /// <summary>Most requests on their way at once. One that ends when another begins isn't beside it.</summary>
    public int PeakConcurrency()
    {
        int now = 0, peak = 0;
        foreach ((double _, int change) in _good.SelectMany(outcome => new[] { (outcome.Start, 1), (outcome.Start + outcome.Latency, -1) }).Order()) peak = Math.Max(peak, now += change);
        return peak;
    }

    private static LatencyMetric Metric(string key, string heading, IEnumerable<double> seconds) => new(key, key.ToUpperInvariant(), heading, new(seconds.Select(value => value * 1000)));

    private static IEnumerable<double> TokenTimes(RequestOutcome outcome)
    {
        double time = outcome.Start + outcome.FirstToken;
        yield return time;
        foreach (double gap in outcome.Gaps) yield return time += gap;
    }
}
