using Folio.Paper.Charts;
using Folio.Simulation;

namespace Folio.Paper.Figures;

/// <summary>Fig. 13: how many requests run at once, OPT-13B.</summary>
internal static class BatchFigure
{
    public static void Make(Page page)
    {
        var table = new MarkdownTable("requests that run at once, OPT-13B", "Folio", "paper (vLLM)", "Orca (Oracle)", "paper", "Orca (Pow2)", "paper", "Orca (Max)", "paper");
        double[] shareGpt = Row(page, table, "sharegpt", "ShareGPT at 2 requests/s", PaperWorkloads.ShareGpt(2, PaperNumbers.LongTrace, PaperNumbers.Seed), PaperNumbers.ShareGptBatch);
        Row(page, table, "alpaca", "Alpaca at 30 requests/s", PaperWorkloads.Alpaca(30, PaperNumbers.ShortTrace, PaperNumbers.Seed), PaperNumbers.AlpacaBatch);
        page.Table("fig13", table);
        page.Number("target-opt-13b-batch", $"{shareGpt[0] / shareGpt[1]:0.0} ×");
    }

    /// <returns>[systems] requests that run at once.</returns>
    private static double[] Row(Page page, MarkdownTable table, string file, string name, Workload workload, double[] paper)
    {
        ServingSystem[] systems = [.. ServingSystem.All.Take(paper.Length)];
        double[] here = [.. systems.Select(system => new Simulator(SimulatedEngine.Of(system, Deployment.Opt13B)).Run(workload).MeanRequests)];
        table.Add([name, .. here.Zip(paper).SelectMany(pair => (string[])[$"{pair.First:0.00}", $"{pair.Second:0.00}"])]);
        page.Picture($"fig13-{file}", new BarChart($"Requests that run at once, OPT-13B, {name}", "requests", 1.15 * Math.Max(here.Max(), paper.Max()), [.. systems.Select(system => system.Name)], ["simulated", "paper"], [here, paper]).Draw());
        return here;
    }
}
