using Folio.Simulation;

namespace Folio.Paper.Figures;

/// <summary>Fig. 12: latency against rate for three models and two kinds of lengths.</summary>
internal static class LatencyFigure
{
    public static void Make(Page page)
    {
        var table = new MarkdownTable(["requests/s sustained", .. ServingSystem.All.SelectMany(system => (string[])[system.Name, "paper"]), "÷ Oracle", "paper"]);
        foreach ((Deployment deployment, double[] shareGpt, double[] alpaca) in PaperNumbers.Knees)
        {
            Panel(page, table, deployment, "ShareGPT", rate => PaperWorkloads.ShareGpt(rate, deployment == Deployment.Opt175B ? PaperNumbers.ShortTrace : PaperNumbers.LongTrace, PaperNumbers.Seed), shareGpt);
            Panel(page, table, deployment, "Alpaca", rate => PaperWorkloads.Alpaca(rate, PaperNumbers.ShortTrace, PaperNumbers.Seed), alpaca);
        }

        page.Table("fig12", table);
    }

    private static void Panel(Page page, MarkdownTable table, Deployment deployment, string lengths, Func<double, Workload> workload, double[] paper)
    {
        LatencyCurve[] curves = [.. ServingSystem.All.Select((system, i) => LatencyCurve.Of(SimulatedEngine.Of(system, deployment), workload, paper[i]))];
        page.Picture($"fig12-{deployment.Model.Name}-{lengths}".ToLowerInvariant(), LatencyCurve.Draw($"{deployment.Name}, {lengths} lengths", curves));
        table.Add([$"{deployment.Model.Name}, {lengths}", .. curves.Zip(paper).SelectMany(pair => (string[])[LatencyCurve.Rate(pair.First.Knee), LatencyCurve.Rate(pair.Second)]), $"{curves[0].Knee / curves[1].Knee:0.00} ×", $"{paper[0] / paper[1]:0.00} ×"]);
    }
}
