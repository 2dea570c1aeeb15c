using System.Globalization;
using System.Text;

namespace Folio.Bench;

/// <summary>The table that vLLM's serving benchmark prints.</summary>
internal static class ServingReport
{
    private const int Width = 50;

    /// <summary>Kinds of failure that are named.</summary>
    private const int MostFailures = 10;

    /// <param name="traffic">How requests were sent.</param>
    /// <param name="choices">What is told of the latencies.</param>
    /// <param name="achieved">What the server's device did, where it is known.</param>
    public static string Table(ServingResult result, Traffic traffic, ResultChoices choices, Achieved? achieved)
    {
        var table = new StringBuilder();
        table.AppendLine(Heading(" Serving Benchmark Result ", '='));
        Row("Successful requests:", result.Completed);
        Row("Failed requests:", result.Failed);
        if (traffic.MaxConcurrency is { } concurrency) Row("Maximum request concurrency:", concurrency);
        if (double.IsFinite(traffic.Rate)) Row("Request rate configured (RPS):", traffic.Rate);
        Row("Benchmark duration (s):", result.Seconds);
        Row("Total input tokens:", result.InputTokens);
        Row("Total generated tokens:", result.OutputTokens);
        Row("Request throughput (req/s):", result.RequestThroughput);
        if (result.RequestGoodput is { } goodput) Row("Request goodput (req/s):", goodput);
        Row("Output token throughput (tok/s):", result.OutputThroughput);
        Row("Peak output token throughput (tok/s):", (double)result.PeakTokensPerSecond());
        Row("Peak concurrent requests:", (double)result.PeakConcurrency());
        Row("Total token throughput (tok/s):", result.TotalThroughput);
        if (achieved is not null)
        {
            Row("Weights and KV cache read (GB/s):", achieved.GigabytesPerSecond);
            Row("Matrix products (Gop/s):", achieved.GigaoperationsPerSecond);
        }

        foreach (LatencyMetric metric in choices.Of(result))
        {
            table.AppendLine(Heading(metric.Heading, '-'));
            Row($"Mean {metric.Name} (ms):", metric.Milliseconds.Mean);
            Row($"Median {metric.Name} (ms):", metric.Milliseconds.Median);
            foreach (double percent in choices.Percentiles) Row($"P{ResultChoices.Word(percent)} {metric.Name} (ms):", metric.Milliseconds.Percentile(percent));
        }

        return table.Append('=', Width).ToString();

        void Row(string name, IFormattable value) => table.AppendLine($"{name,-40} {value.ToString(value is double ? "0.00" : null, CultureInfo.InvariantCulture),-10}");
    }

    /// <summary>Why requests failed, the most frequent reason first; empty if none did.</summary>
    public static IEnumerable<string> Failures(ServingResult result) => result.Outcomes
        .Select(outcome => outcome.Error)
        .OfType<string>()
        .CountBy(error => error)
        .OrderByDescending(failure => failure.Value)
        .Take(MostFailures)
        .Select(failure => $"{failure.Value} request{(failure.Value == 1 ? "" : "s")} failed: {failure.Key}");

    private static string Heading(string text, char line)
    {
        int left = (Width - text.Length) / 2;
        return $"{new string(line, left)}{text}{new string(line, Width - text.Length - left)}";
    }
}
