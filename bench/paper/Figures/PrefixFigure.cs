using Folio.Simulation;

namespace Folio.Paper.Figures;

/// <summary>Fig. 16: translation with the same examples in front of every prompt, LLaMA-13B.</summary>
internal static class PrefixFigure
{
    // Tokens of the prefix, and how much more than Orca (Oracle) the paper's system sustains.
    private static readonly (string Name, int Tokens, double Paper)[] s_prefixes = [("one example", 80, 1.67), ("five examples", 341, 3.58)];

    private static readonly ServingSystem[] s_systems =
    [
        ServingSystem.Paged with { Name = "Folio", PrefixCaching = true },
        ServingSystem.Paged with { Name = "Folio, no prefix cache" },
        ServingSystem.OrcaOracle,
    ];

    public static void Make(Page page)
    {
        var table = new MarkdownTable(["requests/s sustained", .. s_systems.Select(system => system.Name), "÷ Oracle", "paper"]);
        foreach ((string name, int tokens, double paper) in s_prefixes)
        {
            LatencyCurve[] curves = [.. s_systems.Select(system => LatencyCurve.Of(
                SimulatedEngine.Of(system, Deployment.Llama13B), rate => PaperWorkloads.SharedPrefix(tokens, rate, PaperNumbers.ShortTrace, PaperNumbers.Seed), guess: 25))];
            page.Picture($"fig16-prefix-{tokens}", LatencyCurve.Draw($"LLaMA-13B, WMT16 with {name} in front ({tokens} tokens)", curves));
            table.Add([$"{name}, {tokens} tokens", .. curves.Select(curve => LatencyCurve.Rate(curve.Knee)), $"{curves[0].Knee / curves[^1].Knee:0.00} ×", $"{paper:0.00} ×"]);
        }

        page.Table("fig16", table);
    }
}
