using System.Globalization;
using System.Text;
using Folio.Engine;

namespace Folio.Server;

/// <summary>Writes figures in Prometheus' text format, version 0.0.4, as its Python client (vLLM's) does: behind the series of a counter or histogram, those that say since when they count.</summary>
/// <remarks>Series of one name must be written one after the other.</remarks>
/// <param name="labels">Labels of every series.</param>
internal sealed class PrometheusText(params (string Name, string Value)[] labels)
{
    private const string CounterSuffix = "_total";

    private readonly StringBuilder _text = new(), _created = new();
    private string? _name; // of the last header

    public void Write(Metric metric, params ReadOnlySpan<(string, string)> labels)
    {
        (string, string)[] own = metric.Label is { } label ? [label, .. labels] : [.. labels];
        switch (metric)
        {
            case Counter counter:
                Header(metric.Name, metric.Help, "counter");
                Sample(_text, metric.Name, counter.Value, own);
                Created(metric, metric.Name.EndsWith(CounterSuffix, StringComparison.Ordinal) ? metric.Name[..^CounterSuffix.Length] : metric.Name, own);
                break;
            case Gauge gauge:
                Gauge(metric.Name, metric.Help, gauge.Value, own);
                break;
            case Histogram histogram:
                Write(histogram, own);
                Created(metric, metric.Name, own);
                break;
        }
    }

    public void Gauge(string name, string help, double value, params ReadOnlySpan<(string, string)> own)
    {
        Header(name, help, "gauge");
        Sample(_text, name, value, own);
    }

    public void Counter(string name, string help, double value)
    {
        Header(name, help, "counter");
        Sample(_text, name, value, []);
    }

    public override string ToString() => _text.ToString() + _created;

    private void Write(Histogram histogram, ReadOnlySpan<(string, string)> own)
    {
        Header(histogram.Name, histogram.Help, "histogram");
        long[] counts = histogram.CumulativeCounts();
        for (int i = 0; i < counts.Length; i++)
        {
            string bound = i < histogram.Bounds.Count ? Number(histogram.Bounds[i]) : "+Inf";
            Sample(_text, $"{histogram.Name}_bucket", counts[i], [.. own, ("le", bound)]);
        }

        Sample(_text, $"{histogram.Name}_count", counts[^1], own);
        Sample(_text, $"{histogram.Name}_sum", histogram.Sum, own);
    }

    /// <summary>Kept until the last series of the name is written.</summary>
    private void Created(Metric metric, string name, ReadOnlySpan<(string, string)> own)
    {
        if (_created.Length == 0) Describe(_created, $"{name}_created", metric.Help, "gauge");
        Sample(_created, $"{name}_created", metric.CreatedAt.ToUnixTimeMilliseconds() / 1000.0, own);
    }

    /// <summary>Once for all series of a name.</summary>
    private void Header(string name, string help, string type)
    {
        if (_name == name) return;
        _name = name;
        _text.Append(_created);
        _created.Clear();
        Describe(_text, name, help, type);
    }

    private static void Describe(StringBuilder text, string name, string help, string type) =>
        text.Append($"# HELP {name} {help.Replace("\\", @"\\").Replace("\n", @"\n")}\n# TYPE {name} {type}\n");

    private void Sample(StringBuilder text, string name, double value, ReadOnlySpan<(string Name, string Value)> own)
    {
        text.Append(name);
        (string Name, string Value)[] all = [.. labels, .. own];
        Array.Sort(all, (a, b) => string.CompareOrdinal(a.Name, b.Name));
        for (int i = 0; i < all.Length; i++) text.Append(i == 0 ? '{' : ',').Append(all[i].Name).Append("=\"").Append(Escaped(all[i].Value)).Append('"');
        text.Append(all.Length > 0 ? "} " : " ").Append(Number(value)).Append('\n');
    }

    private static string Escaped(string value) => value.Replace("\\", @"\\").Replace("\"", "\\\"").Replace("\n", @"\n");

    /// <summary>Python writes whole floats with a point.</summary>
    private static string Number(double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        return double.IsFinite(value) && text.AsSpan().IndexOfAny(".E") < 0 ? $"{text}.0" : text;
    }
}
