using Folio.Paper.Charts;
using Folio.Simulation;

namespace Folio.Paper.Figures;

/// <summary>Fig. 2: what the KV cache holds, OPT-13B with ShareGPT lengths above what any system sustains.</summary>
internal static class MemoryFigure
{
    private static readonly ServingSystem[] s_systems = [ServingSystem.OrcaMax, ServingSystem.OrcaPow2, ServingSystem.OrcaOracle, ServingSystem.Paged];

    // Fig. 2: tokens, reservation, internal and external fragmentation.
    private static readonly double[][] s_paper = [[0.204, 0.133, 0.573, 0.089], [0.268, 0.179, 0.136, 0.416], [0.382, 0.252, 0, 0.366], [0.963, 0, 0.037, 0]];

    public static void Make(Page page)
    {
        var table = new MarkdownTable("share of the KV cache", "tokens", "paper", "reserved, used later", "paper", "internal fragmentation", "paper", "external fragmentation and free", "paper", "tokens of what is allocated");
        List<double[]> shares = [];
        MemoryUse paged = new(), oracle = new();
        for (int i = 0; i < s_systems.Length; i++)
        {
            MemoryUse memory = new Simulator(SimulatedEngine.Of(s_systems[i], Deployment.Opt13B)).Run(PaperWorkloads.ShareGpt(rate: 2.3, PaperNumbers.LongTrace, PaperNumbers.Seed)).Memory;
            if (s_systems[i].IsPaged) paged = memory;
            if (s_systems[i] == ServingSystem.OrcaOracle) oracle = memory;
            shares.Add([memory.Tokens, memory.Reserved, memory.Internal, memory.ExternalAndFree]);
            table.Add([s_systems[i].Name, .. Enumerable.Range(0, 4).SelectMany(part => (string[])[$"{shares[i][part]:0.0 %}", $"{s_paper[i][part]:0.0 %}"]), $"{memory.TokensOfAllocated:0.0 %}"]);
        }

        page.Table("fig2", table);
        page.Number("target-memory", $"{paged.TokensOfAllocated:0.0 %}");
        page.Number("target-memory-whole", $"{paged.Tokens:0.0 %}");
        page.Number("target-opt-13b-tokens", $"{paged.Tokens / oracle.Tokens:0.0} ×");
        string[] parts = ["tokens", "reserved, used later", "internal fragmentation", "external fragmentation and free"];
        double[][] values = [.. Enumerable.Range(0, 4).Select(part => shares.Select(share => 100 * share[part]).ToArray())];
        page.Picture("fig2-memory", new BarChart("KV cache under load, OPT-13B, ShareGPT lengths", "% of the slots", 100, [.. s_systems.Select(system => system.Name)], parts, values, Stacked: true).Draw());
    }
}
