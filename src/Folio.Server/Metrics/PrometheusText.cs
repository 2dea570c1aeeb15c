using System.Globalization;
using System.Text;
using Folio.Engine;

namespace Folio.Server;

/// <summary>Writes figures in Prometheus' text format, version 0.0.4, as its Python client (vLLM's) does.</summary>
/// <param name="labels">Labels of every series.</param>
internal sealed class PrometheusText(params (string Name, string Value)[] labels)
{
    private readonly StringBuilder _text = new();
    private string? _name; // of the last header

    public void Write(Metric metric)
    {
        ReadOnlySpan<(string, string)> own = metric.Label is { } label ? [label] : [];
        switch (metric)
        {
            case Counter counter:
                Header(metric.Name, metric.Help, "counter");
                Sample(metric.Name, counter.Value, own);
                break;
            case Gauge gauge:
                Gauge(metric.Name, metric.Help, gauge.Value, own);
                break;
            case Histogram histogram:
                Write(histogram, own);
                break;
        }
    }

    public void Gauge(string name, string help, double value, params ReadOnlySpan<(string, string)> own)
    {
        Header(name, help, "gauge");
        Sample(name, value, own);
    }

    public override string ToString() => _text.ToString();

    private void Write(Histogram histogram, ReadOnlySpan<(string, string)> own)
    {
        Header(histogram.Name, histogram.Help, "histogram");
        long[] counts = histogram.CumulativeCounts();
        for (int i = 0; i < counts.Length; i++)
        {
            string bound = i < histogram.Bounds.Count ? Number(histogram.Bounds[i]) : "+Inf";
            Sample($"{histogram.Name}_bucket", counts[i], [.. own, ("le", bound)]);
        }

        Sample($"{histogram.Name}_count", counts[^1], own);
        Sample($"{histogram.Name}_sum", histogram.Sum, own);
    }

    /// <summary>Once for all series of a name.</summary>
    private void Header(string name, string help, string type)
    {
        if (_name == name) return;
        _name = name;
        _text.Append($"# HELP {name} {help.Replace("\\", @"\\").Replace("\n", @"\n")}\n# TYPE {name} {type}\n");
    }

    private void Sample(string name, double value, ReadOnlySpan<(string Name, string Value)> own)
    {
        _text.Append(name);
        (string Name, string Value)[] all = [.. labels, .. own];
        Array.Sort(all, (a, b) => string.CompareOrdinal(a.Name, b.Name));
        for (int i = 0; i < all.Length; i++) _text.Append(i == 0 ? '{' : ',').Append(all[i].Name).Append("=\"").Append(Escaped(all[i].Value)).Append('"');
        _text.Append(all.Length > 0 ? "} " : " ").Append(Number(value)).Append('\n');
    }

    private static string Escaped(string value) => value.Replace("\\", @"\\").Replace("\"", "\\\"").Replace("\n", @"\n");

    /// <summary>Python writes whole floats with a point.</summary>
    private static string Number(double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        return double.IsFinite(value) && text.AsSpan().IndexOfAny(".E") < 0 ? $"{text}.0" : text;
    }
}
