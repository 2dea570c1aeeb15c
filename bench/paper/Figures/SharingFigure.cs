using Folio.Engine;
using Folio.Paper.Charts;
using Folio.Paper.Real;
using Folio.Simulation;

namespace Folio.Paper.Figures;

/// <summary>Fig. 14 and 15: parallel sampling and beam search, OPT-13B: rates sustained, and what sharing saves.</summary>
internal static class SharingFigure
{
    private static readonly int[] s_widths = [2, 4, 6];

    // What the paper says of rates over Oracle's, with OPT-13B and Alpaca lengths; the rest is in plots alone.
    private const string PaperOne = "1.3 ×", PaperSixBeams = "2.3 ×";

    private static IEnumerable<ServingSystem> Systems => ServingSystem.All.Where(system => !system.WholeBatches);

    public static void Rates(Page page)
    {
        var table = new MarkdownTable(["requests/s sustained, Alpaca lengths", .. Systems.Select(system => system.Name), "÷ Oracle", "paper"]);
        Rates(page, table, width: 1, beams: false);
        foreach (bool beams in (bool[])[false, true])
        {
            foreach (int width in s_widths) Rates(page, table, width, beams);
        }

        page.Table("fig14", table);
    }

    public static void Savings(Page page)
    {
        using RealEngine engine = RealEngine.Demo(page.Repository);
        GenerationRequest[] requests = RealSharing.Ask(engine);
        var table = new MarkdownTable("blocks saved by sharing", "Alpaca", "paper", "real engine, demo model", "ShareGPT", "paper (over the widths)");
        foreach (bool beams in (bool[])[false, true])
        {
            double[] paper = beams ? PaperNumbers.BeamSaving : PaperNumbers.SamplingSaving;
            double[][] saved = [new double[s_widths.Length], [.. paper.Select(share => 100 * share)]];
            for (int i = 0; i < s_widths.Length; i++)
            {
                int width = s_widths[i];
                double alpaca = Saving(PaperWorkloads.Alpaca(12.0 / width, PaperNumbers.ShortTrace, PaperNumbers.Seed), width, beams);
                double shareGpt = Saving(PaperWorkloads.ShareGpt(1.5 / width, PaperNumbers.LongTrace, PaperNumbers.Seed), width, beams);
                double real = RealSharing.Saved(engine, requests, width, beams);
                table.Add(Name(width, beams), $"{alpaca:0.0 %}", $"{paper[i]:0.0 %}", $"{real:0.0 %}", $"{shareGpt:0.0 %}", beams ? PaperNumbers.ShareGptBeamSaving : PaperNumbers.ShareGptSamplingSaving);
                saved[0][i] = 100 * alpaca;
            }

            page.Picture(beams ? "fig15-beams" : "fig15-samples", new BarChart($"Blocks saved by sharing, {(beams ? "beam search" : "parallel sampling")}, Alpaca lengths", "%", beams ? 70 : 14,
                [.. s_widths.Select(width => $"{width} sequences")], ["simulated", "paper"], saved).Draw());
        }

        page.Table("fig15", table);
    }

    private static string Name(int width, bool beams) => width == 1 ? "one sequence" : beams ? $"beam search, width {width}" : $"parallel sampling, n = {width}";

    private static void Rates(Page page, MarkdownTable table, int width, bool beams)
    {
        LatencyCurve[] curves = [.. Systems.Select((system, i) => LatencyCurve.Of(
            SimulatedEngine.Of(system, Deployment.Opt13B), rate => PaperWorkloads.Wide(PaperWorkloads.Alpaca(rate, PaperNumbers.ShortTrace, PaperNumbers.Seed), width, beams), PaperNumbers.Knees[0].Alpaca[i] / width))];
        if (width > 1) page.Picture($"fig14-{(beams ? "beams" : "samples")}-{width}", LatencyCurve.Draw($"OPT-13B, Alpaca lengths, {Name(width, beams)}", curves));
        table.Add([Name(width, beams), .. curves.Select(curve => LatencyCurve.Rate(curve.Knee)), $"{curves[0].Knee / curves[1].Knee:0.00} ×", width == 1 ? PaperOne : beams && width == 6 ? PaperSixBeams : "—"]);
    }

    private static double Saving(Workload workload, int width, bool beams) =>
        new Simulator(SimulatedEngine.Of(ServingSystem.Paged, Deployment.Opt13B)).Run(PaperWorkloads.Wide(workload, width, beams)).Sharing.Saved;
}
