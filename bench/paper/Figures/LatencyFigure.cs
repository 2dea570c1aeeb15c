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
            double advantage = Panel(page, table, deployment, "ShareGPT", rate => PaperWorkloads.ShareGpt(rate, deployment == Deployment.Opt175B ? PaperNumbers.ShortTrace : PaperNumbers.LongTrace, PaperNumbers.Seed), shareGpt);
            page.Number($"target-{deployment.Model.Name}", Times(advantage));
            Panel(page, table, deployment, "Alpaca", rate => PaperWorkloads.Alpaca(rate, PaperNumbers.ShortTrace, PaperNumbers.Seed), alpaca);
        }

        page.Table("fig12", table);
        Advantage(page);
    }

    /// <summary>What the advantage over Orca (Oracle) owes to the paper's stack: OPT-13B, ShareGPT, with its kernel's slow-down and its host's overhead and without.</summary>
    private static void Advantage(Page page)
    {
        var table = new MarkdownTable("OPT-13B, ShareGPT lengths", "Folio", "Orca (Oracle)", "÷ Oracle");
        Row("the paper's kernel and host", HostOverhead.Paper, Roofline.PaperKernelSlowdown);
        Row("attention as fast as over contiguous memory", HostOverhead.Paper, 1);
        Row("and a host of today", HostOverhead.Modern, 1);
        page.Table("fig12-advantage", table);

        void Row(string name, HostOverhead host, double slowdown)
        {
            double paged = Knee(ServingSystem.Paged, host, slowdown), oracle = Knee(ServingSystem.OrcaOracle, host, slowdown: 1);
            table.Add(name, LatencyCurve.Rate(paged), LatencyCurve.Rate(oracle), Times(paged / oracle));
            if (host == HostOverhead.Paper && slowdown == 1) page.Number("target-opt-13b-contiguous", Times(paged / oracle));
        }

        static double Knee(ServingSystem system, HostOverhead host, double slowdown)
        {
            SimulatedEngine engine = SimulatedEngine.Of(system, Deployment.Opt13B);
            engine = engine with { Cost = Deployment.Opt13B.Cost(host, engine.BlockSize, slowdown) };
            return LatencyCurve.Of(engine, rate => PaperWorkloads.ShareGpt(rate, PaperNumbers.LongTrace, PaperNumbers.Seed), guess: system.IsPaged ? 1.9 : 1.1).Knee;
        }
    }

    /// <returns>Folio's rate by Orca (Oracle)'s.</returns>
    private static double Panel(Page page, MarkdownTable table, Deployment deployment, string lengths, Func<double, Workload> workload, double[] paper)
    {
        LatencyCurve[] curves = [.. ServingSystem.All.Select((system, i) => LatencyCurve.Of(SimulatedEngine.Of(system, deployment), workload, paper[i]))];
        page.Picture($"fig12-{deployment.Model.Name}-{lengths}".ToLowerInvariant(), LatencyCurve.Draw($"{deployment.Name}, {lengths} lengths", curves));
        table.Add([$"{deployment.Model.Name}, {lengths}", .. curves.Zip(paper).SelectMany(pair => (string[])[LatencyCurve.Rate(pair.First.Knee), LatencyCurve.Rate(pair.Second)]), Times(curves[0].Knee / curves[1].Knee), Times(paper[0] / paper[1])]);
        return curves[0].Knee / curves[1].Knee;
    }

    private static string Times(double ratio) => $"{ratio:0.00} ×";
}
