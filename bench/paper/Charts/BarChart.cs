namespace Folio.Paper.Charts;

/// <summary>Bars by category, the series side by side or on top of each other.</summary>
/// <param name="Values">[series][categories]</param>
internal sealed record BarChart(string Title, string YLabel, double YMost, IReadOnlyList<string> Categories, IReadOnlyList<string> SeriesNames, double[][] Values, bool Stacked = false)
{
    public string Draw()
    {
        var canvas = new Canvas(Title, YLabel, Categories.Count, YMost);
        canvas.XAxis("", Categories.Select((category, i) => (canvas.X(i + 0.5), category)));
        int side = Stacked ? 1 : SeriesNames.Count;
        double width = 0.7 / side;
        for (int series = 0; series < SeriesNames.Count; series++)
        {
            for (int category = 0; category < Categories.Count; category++)
            {
                double value = Values[series][category], foot = Stacked ? Enumerable.Range(0, series).Sum(below => Values[below][category]) : 0;
                double left = canvas.X(category + 0.15 + (Stacked ? 0 : series * width)), right = left + canvas.X(width) - canvas.X(0) - 2;
                double top = canvas.Y(foot + value), height = canvas.Y(foot) - top;
                canvas.Raw($"<g class=\"s{series}\"><rect class=\"bar\" x=\"{left:0.0}\" y=\"{top:0.0}\" width=\"{right - left:0.0}\" height=\"{height:0.0}\"/></g>");
                if (!Stacked) canvas.Text((left + right) / 2, top - 4, Canvas.Number(Math.Round(value, value < 10 ? 2 : 1)), "small", "middle");
            }

            canvas.Legend(series, SeriesNames[series], line: false);
        }

        return canvas.Finish();
    }
}
