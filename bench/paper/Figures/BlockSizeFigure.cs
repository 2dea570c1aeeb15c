using Folio.Paper.Charts;
using Folio.Simulation;

namespace Folio.Paper.Figures;

/// <summary>Fig. 18 (b): latency by block size, OPT-13B near what it sustains at block size 16.</summary>
internal static class BlockSizeFigure
{
    /// <summary>Sizes that take up to a tenth longer than the best are as good.</summary>
    private const double Good = 1.1;

    private static readonly int[] s_sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256];

    public static void Make(Page page)
    {
        var table = new MarkdownTable(["seconds a token of output, by block size", .. s_sizes.Select(size => $"{size}"), "best", "paper"]);
        Series[] series =
        [
            Row(table, "ShareGPT, 1.8 requests/s", PaperWorkloads.ShareGpt(1.8, PaperNumbers.LongTrace, PaperNumbers.Seed), "16–128"),
            Row(table, "Alpaca, 33 requests/s", PaperWorkloads.Alpaca(33, PaperNumbers.ShortTrace, PaperNumbers.Seed), "16–32"),
        ];
        page.Table("fig18", table);
        page.Picture("fig18-block-size", new LineChart("Latency by block size, OPT-13B", "tokens of a block", "normalized latency (s/token)", LatencyCurve.Most, series) { LogTicks = [.. s_sizes.Select(size => (double)size)] }.Draw());
    }

    private static Series Row(MarkdownTable table, string name, Workload workload, string paper)
    {
        double[] latencies = [.. s_sizes.Select(size => new Simulator(SimulatedEngine.Of(ServingSystem.Paged, Deployment.Opt13B, size)).Run(workload).NormalizedLatency)];
        int[] best = [.. s_sizes.Where((_, i) => latencies[i] <= Good * latencies.Min())];
        table.Add([name, .. latencies.Select(latency => $"{latency:0.000}"), $"{best[0]}–{best[^1]}", paper]);
        return new(name, [.. s_sizes.Zip(latencies, (size, latency) => ((double)size, latency))]);
    }
}
