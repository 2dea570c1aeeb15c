using System.Text;

namespace Folio.Compare;

/// <summary>Figures as Markdown: medians, in brackets the least and the most, ratios, and what is asked.</summary>
internal static class ResultTable
{
    public static string Of(IReadOnlyList<Measurement> measurements)
    {
        var text = new StringBuilder();
        foreach (var alike in measurements.GroupBy(measurement => (measurement.Machine, measurement.Threads, measurement.Sizes, measurement.Versions))) Write(text, [.. alike]);
        return text.ToString();
    }

    /// <param name="all">Of the same machine, threads, work and versions: others have tables of their own.</param>
    private static void Write(StringBuilder text, Measurement[] all)
    {
        Measurement any = all[0];
        var bandwidth = new Spread(all.Select(measurement => measurement.Bandwidth));
        text.Append($"{any.Machine}, {any.Threads} threads; {any.Versions?.Folio} beside llama.cpp {any.Versions?.Llama}; {Work(any.Sizes)}{all.Min(measurement => measurement.Time):yyyy-MM-dd HH:mm} to {all.Max(measurement => measurement.Time):yyyy-MM-dd HH:mm} UTC; ")
            .Append($"memory read at {bandwidth.Show(value => FormattableString.Invariant($"{value:0.0}"))} GB/s\n\n")
            .Append("| | model | runs | Folio | beside it | ratio | of the bandwidth | asked | |\n| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n");
        foreach (Metric metric in MetricList.All)
        {
            foreach (IGrouping<string, Measurement> model in all.Where(measurement => measurement.Metric == metric.Key).GroupBy(measurement => measurement.Model)) WriteRow(text, metric, [.. model]);
        }

        text.Append("\nCommands:\n\n");
        foreach (string command in all.Select(measurement => measurement.File is { } file ? measurement.Command.Replace(file, "MODEL", StringComparison.Ordinal) : measurement.Command).Distinct().Order(StringComparer.Ordinal)) text.Append($"    {command}\n");
        text.Append('\n');
    }

    private static void WriteRow(StringBuilder text, Metric metric, Measurement[] figures)
    {
        Measurement[] ours = [.. figures.Where(figure => figure.Engine == Measurement.Folio)], others = [.. figures.Where(figure => figure.Engine != Measurement.Folio)];
        (Spread folio, Spread beside) = (new(ours.Select(figure => figure.Value)), new(others.Select(figure => figure.Value)));
        double ratio = folio.Median / beside.Median, share = new Spread(ours.Select(figure => figure.Value * figure.ReadBytes / 1e9 / figure.Bandwidth)).Median;
        Target? target = metric.Target(figures[0].Small, figures[0].Type);
        double reached = target?.Of switch { Quantity.Ratio => ratio, Quantity.Bandwidth => share, _ => folio.Median };
        string verdict = target is null || double.IsNaN(reached) ? "" : target.IsMetBy(reached) ? "met" : "not met";
        string name = others.Length > 0 && others[0].Engine == Measurement.Plain ? " (plain)" : "";
        text.Append($"| {metric.Title} | {figures[0].Model} | {Math.Max(ours.Length, others.Length)} | {folio.Show(metric.Show)} | {beside.Show(metric.Show)}{name} | {Number(ratio, "0.00")} | ")
            .Append($"{(metric.Key == "decode" ? Number(share, "0%") : "")} | {target} | {verdict} |\n");
    }

    private static string Number(double value, string format) => double.IsNaN(value) ? "" : value.ToString(format, System.Globalization.CultureInfo.InvariantCulture);

    private static string Work(Sizes? sizes) => sizes == Sizes.Full ? "" : sizes == Sizes.Quick ? "--quick, which shows only that each cell runs; " : $"{sizes}; ";

    /// <summary>Median, least and most.</summary>
    private sealed class Spread
    {
        private readonly double[] _sorted;

        public Spread(IEnumerable<double> values) => _sorted = [.. values.Order()];

        public double Median => _sorted.Length == 0 ? double.NaN : (_sorted[(_sorted.Length - 1) / 2] + _sorted[_sorted.Length / 2]) / 2;

        public string Show(Func<double, string> show) => _sorted.Length switch
        {
            0 => "",
            1 => show(Median),
            _ => $"{show(Median)} ({Bare(show(_sorted[0]))}–{Bare(show(_sorted[^1]))})",
        };

        private static string Bare(string value) => value.Split(' ')[0];
    }
}
