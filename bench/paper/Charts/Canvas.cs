using System.Text;

namespace Folio.Paper.Charts;

/// <summary>An SVG with axes, readable on light and dark pages: its colours follow the reader's scheme.</summary>
internal sealed class Canvas
{
    public const int Left = 62;
    public const int Top = 40;
    public const int Width = 560;
    public const int Height = 300;
    private const int LegendWidth = 210;
    private const int Bottom = 52;

    private const string Style = """
        text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-size:14px;font-weight:600}.small{font-size:11px}
        .axis{stroke:#57606a}.grid{stroke:#d0d7de;stroke-width:.6}
        .s0{--c:#0969da}.s1{--c:#cf222e}.s2{--c:#9a6700}.s3{--c:#8250df}.s4{--c:#57606a}
        .line{fill:none;stroke:var(--c);stroke-width:2}.mark,.bar{fill:var(--c)}
        .s1 .line{stroke-dasharray:7 3}.s2 .line{stroke-dasharray:2 3}.s3 .line{stroke-dasharray:9 3 2 3}.s4 .line{stroke-dasharray:4 4}
        @media(prefers-color-scheme:dark){text{fill:#e6edf3}.axis{stroke:#9198a1}.grid{stroke:#3d444d}
        .s0{--c:#58a6ff}.s1{--c:#ff7b72}.s2{--c:#d29922}.s3{--c:#bc8cff}.s4{--c:#9198a1}}
        """;

    private readonly StringBuilder _svg = new();
    private readonly double _xMost;
    private readonly double _yMost;

    public Canvas(string title, string yLabel, double xMost, double yMost)
    {
        (_xMost, _yMost) = (xMost, yMost);
        _svg.Append($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Left + Width + LegendWidth} {Top + Height + Bottom}\" role=\"img\" aria-label=\"{Escape(title)}\">\n<style>{Style}</style>\n");
        Text(Left, 20, title, "title");
        _svg.Append($"<text transform=\"translate(14 {Top + Height / 2}) rotate(-90)\" text-anchor=\"middle\">{Escape(yLabel)}</text>\n");
        foreach (double tick in Ticks(yMost))
        {
            _svg.Append($"<line class=\"grid\" x1=\"{Left}\" x2=\"{Left + Width}\" y1=\"{Y(tick):0.0}\" y2=\"{Y(tick):0.0}\"/>");
            Text(Left - 6, Y(tick) + 4, Number(tick), "small", "end");
        }
    }

    /// <summary>Round numbers from 0 to the largest, four to eight of them.</summary>
    public static IEnumerable<double> Ticks(double most)
    {
        double step = Math.Pow(10, Math.Floor(Math.Log10(most / 4)));
        while (most / step > 8) step *= most / step > 16 ? 5 : 2;
        for (int i = 0; i * step <= most * 1.0001; i++) yield return i * step;
    }

    public static string Number(double value) => Math.Abs(value) >= 100 ? $"{value:0}" : $"{value:0.###}";

    public double X(double value) => Left + value / _xMost * Width;

    public double Y(double value) => Top + Height - Math.Min(value, _yMost) / _yMost * Height;

    public void Raw(string element) => _svg.Append(element).Append('\n');

    public void Text(double x, double y, string text, string style = "", string anchor = "start") =>
        _svg.Append($"<text x=\"{x:0.0}\" y=\"{y:0.0}\" class=\"{style}\" text-anchor=\"{anchor}\">{Escape(text)}</text>\n");

    public void XAxis(string label, IEnumerable<(double At, string Text)> ticks)
    {
        _svg.Append($"<line class=\"axis\" x1=\"{Left}\" x2=\"{Left + Width}\" y1=\"{Top + Height}\" y2=\"{Top + Height}\"/>\n");
        foreach ((double at, string text) in ticks) Text(at, Top + Height + 18, text, "small", "middle");
        Text(Left + Width / 2.0, Top + Height + 40, label, "", "middle");
    }

    /// <summary>A line of the legend, right of the axes.</summary>
    public void Legend(int index, string name, bool line)
    {
        double x = Left + Width + 12, y = Top + 14 + index * 22;
        Raw(line
            ? $"<g class=\"s{index}\"><path class=\"line\" d=\"M{x:0} {y - 4:0}h24\"/>{Mark(index, x + 12, y - 4)}</g>"
            : $"<g class=\"s{index}\"><rect class=\"bar\" x=\"{x:0}\" y=\"{y - 10:0}\" width=\"14\" height=\"12\"/></g>");
        Text(x + (line ? 30 : 20), y, name, "small");
    }

    /// <summary>A shape for each series, so that colour alone carries nothing.</summary>
    public static string Mark(int index, double x, double y) => index switch
    {
        0 => $"<circle class=\"mark\" cx=\"{x:0.0}\" cy=\"{y:0.0}\" r=\"3.5\"/>",
        1 => $"<rect class=\"mark\" x=\"{x - 3:0.0}\" y=\"{y - 3:0.0}\" width=\"6\" height=\"6\"/>",
        2 => $"<path class=\"mark\" d=\"M{x:0.0} {y - 4:0.0}l4 7h-8z\"/>",
        3 => $"<path class=\"mark\" d=\"M{x:0.0} {y - 4:0.0}l4 4l-4 4l-4 -4z\"/>",
        _ => $"<path class=\"mark\" d=\"M{x - 4:0.0} {y - 1:0.0}h8v2h-8z\"/>",
    };

    public string Finish() => _svg.Append("</svg>\n").ToString();

    private static string Escape(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace("\"", "&quot;", StringComparison.Ordinal);
}
