using Folio.Simulation;

namespace Folio.Paper.Figures;

/// <summary>Fig. 17: a chatbot without memory between rounds, OPT-13B.</summary>
internal static class ChatFigure
{
    public static void Make(Page page)
    {
        ServingSystem[] systems = [.. ServingSystem.All.Where(system => !system.WholeBatches)];
        LatencyCurve[] curves = [.. systems.Select(system => LatencyCurve.Of(SimulatedEngine.Of(system, Deployment.Opt13B), rate => PaperWorkloads.Chat(rate, PaperNumbers.LongTrace, PaperNumbers.Seed), guess: 0.5))];
        page.Picture("fig17-chat", LatencyCurve.Draw("OPT-13B, chatbot with 1024 tokens of history", curves));
        var table = new MarkdownTable(["requests/s sustained", .. systems.Select(system => system.Name), "÷ Oracle", "paper"]);
        table.Add(["chatbot", .. curves.Select(curve => LatencyCurve.Rate(curve.Knee)), $"{curves[0].Knee / curves[1].Knee:0.00} ×", "2 ×"]);
        page.Table("fig17", table);
    }
}
