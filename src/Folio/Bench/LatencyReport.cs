using System.Globalization;

namespace Folio.Bench;

/// <summary>How long a batch takes, told as vLLM's latency benchmark tells it.</summary>
/// <param name="runs">The measured ones.</param>
internal sealed class LatencyReport(IReadOnlyList<OfflineRun> runs, ModelWork work)
{
    private static readonly int[] s_percentages = [10, 25, 50, 75, 90, 99];

    private readonly Distribution _latency = new(runs.Select(run => run.Seconds));

    private double OutputThroughput => runs.Sum(run => run.OutputTokens) / Seconds;

    private Achieved Achieved { get; } = Achieved.Of(
        work,
        new(runs.Sum(run => run.Steps.Steps), runs.Sum(run => run.Steps.Tokens)),
        runs.Sum(run => run.KeysRead),
        runs.Sum(run => run.OutputTokens),
        runs.Sum(run => run.Seconds));

    private double Seconds => runs.Sum(run => run.Seconds);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        Avg latency: {_latency.Mean} seconds
        Std latency: {_latency.Deviation} seconds
        {string.Join('\n', s_percentages.Select(percent => $"{percent}% percentile latency: {_latency.Percentile(percent)} seconds"))}
        Prompts and answers together: {OutputThroughput:0.0} output tok/s, {Achieved.GigabytesPerSecond:0.0} GB/s read, {Achieved.GigaoperationsPerSecond:0.0} Gop/s in products
        """);

    public void Save(string path) => ResultFile.Write(path, indented: true, json =>
    {
        json.WriteNumber("avg_latency", _latency.Mean);
        json.WriteNumber("std_latency", _latency.Deviation);
        json.WriteStartArray("latencies");
        foreach (OfflineRun run in runs) json.WriteNumberValue(run.Seconds);
        json.WriteEndArray();
        json.WriteStartObject("percentiles");
        foreach (int percent in s_percentages) json.WriteNumber($"{percent}", _latency.Percentile(percent));
        json.WriteEndObject();
        json.WriteNumber("output_tokens_per_second", OutputThroughput);
        json.WriteNumber("read_gb_per_second", Achieved.GigabytesPerSecond);
        json.WriteNumber("gop_per_second", Achieved.GigaoperationsPerSecond);
    });
}
