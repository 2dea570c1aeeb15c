using Folio.Engine;
using Folio.Paper.Charts;
using Folio.Simulation;

namespace Folio.Paper.Figures;

/// <summary>Fig. 19: recomputing against swapping, by block size, OPT-13B: what one preemption takes, and what users see.</summary>
internal static class PreemptionFigure
{
    /// <summary>Tokens of the sequence in the microbenchmark; with 256 the paper's figures fit both ends.</summary>
    private const int Tokens = 256;

    private static readonly int[] s_sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256];

    private static readonly ServingSystem[] s_systems =
    [
        ServingSystem.Paged with { Name = "recompute" },
        ServingSystem.Paged with { Name = "swap", Preemption = PreemptionMode.Swap },
        ServingSystem.Paged with { Name = "auto: the cheaper", Preemption = PreemptionMode.Auto },
    ];

    public static void Make(Page page)
    {
        var table = new MarkdownTable(["by block size", .. s_sizes.Select(size => $"{size}")]);
        double[] recompute = [.. s_sizes.Select(size => 1e3 * Cost(size).Seconds(new(Tokens, 1, Tokens, Tokens * Tokens / 2, 1)))];
        double[] swap = [.. s_sizes.Select(size => 1e3 * 2 * Cost(size).Swaps(Tokens / size))];
        table.Add(["recompute 256 tokens, ms (paper: 20–30)", .. recompute.Select(time => $"{time:0}")]);
        table.Add(["swap 256 tokens out and in, ms (paper: 135 … 10–20)", .. swap.Select(time => $"{time:0}")]);

        Workload workload = PaperWorkloads.ShareGpt(1.8, PaperNumbers.LongTrace, PaperNumbers.Seed);
        List<Series> series = [];
        foreach (ServingSystem system in s_systems)
        {
            double[] latencies = [.. s_sizes.Select(size => new Simulator(SimulatedEngine.Of(system with { HostBlocks = Deployment.Opt13B.Blocks(size) }, Deployment.Opt13B, size)).Run(workload).NormalizedLatency)];
            table.Add([$"{system.Name}: seconds a token, ShareGPT at 1.8 requests/s", .. latencies.Select(latency => $"{latency:0.000}")]);
            series.Add(new(system.Name, [.. s_sizes.Zip(latencies, (size, latency) => ((double)size, latency))]));
        }

        page.Table("fig19", table);
        double[] ticks = [.. s_sizes.Select(size => (double)size)];
        page.Picture("fig19-one-preemption", new LineChart("One preemption of 256 tokens, OPT-13B", "tokens of a block", "ms", 180,
            [new("recompute", [.. ticks.Zip(recompute)]), new("swap out and in", [.. ticks.Zip(swap)])])
        { LogTicks = ticks }.Draw());
        page.Picture("fig19-latency", new LineChart("Latency by way of preemption, OPT-13B, ShareGPT", "tokens of a block", "normalized latency (s/token)", LatencyCurve.Most, series) { LogTicks = ticks }.Draw());
    }

    private static Roofline Cost(int blockSize) => Deployment.Opt13B.Cost(default, blockSize);
}
