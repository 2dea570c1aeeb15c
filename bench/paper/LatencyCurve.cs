using Folio.Paper.Charts;
using Folio.Simulation;

namespace Folio.Paper;

/// <summary>Normalized latency against request rate, and the knee: the highest rate at which it stays under <see cref="Limit"/>.</summary>
internal sealed record LatencyCurve(string System, double Knee, IReadOnlyList<(double X, double Y)> Points)
{
    /// <summary>Seconds a token of output: half the height of the paper's plots, where all their curves are steep.</summary>
    public const double Limit = 0.5;

    /// <summary>The height of the plots.</summary>
    public const double Most = 1;

    public Series Series => new(System, Points);

    /// <param name="engine">What serves.</param>
    /// <param name="workload">The workload at a rate.</param>
    /// <param name="guess">About where the knee is.</param>
    public static LatencyCurve Of(SimulatedEngine engine, Func<double, Workload> workload, double guess)
    {
        SortedDictionary<double, double> points = [];
        double knee = RateSearch.Highest(rate => Latency(rate) <= Limit, guess, precision: 0.01);
        foreach (double share in (double[])[0.3, 0.6, 0.8, 0.9]) Latency(knee * share);
        return new(engine.System.Name, knee, [.. points.Where(point => double.IsFinite(point.Value)).Select(point => (point.Key, point.Value))]);

        double Latency(double rate)
        {
            Workload requests = workload(rate);
            return points[rate] = new Simulator(engine).Run(requests, until: requests.Duration / 4 + 60).NormalizedLatency;
        }
    }

    /// <summary>The curves in one picture.</summary>
    public static string Draw(string title, IEnumerable<LatencyCurve> curves) =>
        new LineChart(title, "request rate (requests/s)", "normalized latency (s/token)", Most, [.. curves.Select(curve => curve.Series)]).Draw();

    /// <summary>A rate with as many digits as mean something.</summary>
    public static string Rate(double rate) => rate < 10 ? $"{rate:0.00}" : $"{rate:0.0}";
}
