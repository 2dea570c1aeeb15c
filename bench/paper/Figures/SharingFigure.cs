using Folio.Paper.Charts;
using Folio.Simulation;

namespace Folio.Paper.Figures;

/// <summary>Fig. 14 and 15: parallel sampling and beam search, OPT-13B: rates sustained, and what sharing saves.</summary>
internal static class SharingFigure
{
    private static readonly int[] s_widths = [2, 4, 6];

    public static void Make(Page page)
    {
        var rates = new MarkdownTable(["requests/s sustained, Alpaca lengths", .. Systems.Select(system => system.Name), "÷ Oracle"]);
        var savings = new MarkdownTable("blocks saved by sharing", "Alpaca", "paper", "ShareGPT", "paper (over the widths)");
        foreach (bool beams in (bool[])[false, true])
        {
            double[] paper = beams ? PaperNumbers.BeamSaving : PaperNumbers.SamplingSaving;
            double[][] saved = [new double[s_widths.Length], [.. paper.Select(share => 100 * share)]];
            for (int i = 0; i < s_widths.Length; i++)
            {
                int width = s_widths[i];
                string name = beams ? $"beam search, width {width}" : $"parallel sampling, n = {width}";
                Rates(page, rates, name, width, beams);
                double alpaca = Saving(PaperWorkloads.Alpaca(12.0 / width, PaperNumbers.ShortTrace, PaperNumbers.Seed), width, beams);
                double shareGpt = Saving(PaperWorkloads.ShareGpt(1.5 / width, PaperNumbers.LongTrace, PaperNumbers.Seed), width, beams);
                savings.Add(name, $"{alpaca:0.0 %}", $"{paper[i]:0.0 %}", $"{shareGpt:0.0 %}", beams ? PaperNumbers.ShareGptBeamSaving : PaperNumbers.ShareGptSamplingSaving);
                saved[0][i] = 100 * alpaca;
            }

            string kind = beams ? "beam search" : "parallel sampling";
            page.Picture(beams ? "fig15-beams" : "fig15-samples", new BarChart($"Blocks saved by sharing, {kind}, Alpaca lengths", "%", beams ? 70 : 14,
                [.. s_widths.Select(width => $"{width} sequences")], ["simulated", "paper"], saved).Draw());
        }

        page.Table("fig14", rates);
        page.Table("fig15", savings);
    }

    private static IEnumerable<ServingSystem> Systems => ServingSystem.All.Where(system => !system.WholeBatches);

    private static void Rates(Page page, MarkdownTable table, string name, int width, bool beams)
    {
        LatencyCurve[] curves = [.. Systems.Select((system, i) => LatencyCurve.Of(
            SimulatedEngine.Of(system, Deployment.Opt13B), rate => PaperWorkloads.Wide(PaperWorkloads.Alpaca(rate, PaperNumbers.ShortTrace, PaperNumbers.Seed), width, beams), PaperNumbers.Knees[0].Alpaca[i] / width))];
        page.Picture($"fig14-{(beams ? "beams" : "samples")}-{width}", LatencyCurve.Draw($"OPT-13B, Alpaca lengths, {name}", curves));
        table.Add([name, .. curves.Select(curve => LatencyCurve.Rate(curve.Knee)), $"{curves[0].Knee / curves[1].Knee:0.00} ×"]);
    }

    private static double Saving(Workload workload, int width, bool beams) =>
        new Simulator(SimulatedEngine.Of(ServingSystem.Paged, Deployment.Opt13B)).Run(PaperWorkloads.Wide(workload, width, beams)).Memory.SavedBySharing;
}
