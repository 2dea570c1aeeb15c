using System.Text;

namespace Folio.Paper.Charts;

internal sealed record Series(string Name, IReadOnlyList<(double X, double Y)> Points);

/// <summary>Lines over numbers. Both axes begin at 0; what is above the top leaves the picture there.</summary>
internal sealed record LineChart(string Title, string XLabel, string YLabel, double YMost, IReadOnlyList<Series> Series)
{
    /// <summary>Where the x axis isn't linear: the values that it is marked with, evenly spaced in their logarithm.</summary>
    public IReadOnlyList<double> LogTicks { get; init; } = [];

    public string Draw()
    {
        double xMost = LogTicks.Count > 0 ? LogTicks.Count - 1 : Series.Max(series => series.Points.Max(point => point.X)) * 1.02;
        var canvas = new Canvas(Title, YLabel, xMost, YMost);
        IEnumerable<(double, string)> ticks = LogTicks.Count > 0
            ? LogTicks.Select((value, i) => (canvas.X(i), Canvas.Number(value)))
            : Canvas.Ticks(xMost).Select(value => (canvas.X(value), Canvas.Number(value)));
        canvas.XAxis(XLabel, ticks);
        for (int i = 0; i < Series.Count; i++)
        {
            canvas.Raw(Line(canvas, i, Series[i].Points));
            canvas.Legend(i, Series[i].Name, line: true);
        }

        return canvas.Finish();
    }

    private string Line(Canvas canvas, int index, IReadOnlyList<(double X, double Y)> points)
    {
        var path = new StringBuilder();
        var marks = new StringBuilder();
        (double X, double Y) before = default;
        for (int i = 0; i < points.Count; i++)
        {
            (double X, double Y) point = (Place(points[i].X), points[i].Y);
            bool inside = point.Y <= YMost, wasInside = i > 0 && before.Y <= YMost;
            if (inside && !wasInside) Append('M', i > 0 ? Crossing(before, point) : point);
            if (i > 0 && (inside || wasInside)) Append('L', inside ? point : Crossing(before, point));
            if (inside) marks.Append(Canvas.Mark(index, canvas.X(point.X), canvas.Y(point.Y)));
            before = point;
        }

        return $"<g class=\"s{index}\"><path class=\"line\" d=\"{path}\"/>{marks}</g>";

        void Append(char command, (double X, double Y) at) => path.Append($"{command}{canvas.X(at.X):0.0} {canvas.Y(at.Y):0.0}");
    }

    /// <summary>Where the line between two points meets the top.</summary>
    private (double X, double Y) Crossing((double X, double Y) from, (double X, double Y) to) => (from.X + (to.X - from.X) * (YMost - from.Y) / (to.Y - from.Y), YMost);

    private double Place(double x) => LogTicks.Count == 0 ? x : Math.Log(x / LogTicks[0]) / Math.Log(LogTicks[1] / LogTicks[0]);
}
