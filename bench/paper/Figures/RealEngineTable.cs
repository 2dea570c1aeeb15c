using Folio.Paper.Real;
using Folio.Simulation;

namespace Folio.Paper.Figures;

/// <summary>The paper's experiment on the real CPU engine, with a small model and a cache of a quarter of the paper's slots; and how well the simulator foretells it.</summary>
internal static class RealEngineTable
{
    private const int Requests = 240;

    private static readonly ServingSystem[] s_systems = [ServingSystem.Paged, ServingSystem.OrcaOracle, ServingSystem.OrcaPow2, ServingSystem.OrcaMax];

    public static void Make(Page page)
    {
        using RealEngine engine = RealEngine.Demo(page.Repository);
        engine.Run(ServingSystem.Paged, PaperWorkloads.QuarterShareGpt(10, seed: 3)); // caches and clocks warm up
        List<MeasuredStep> before = Profile(engine);
        Workload workload = PaperWorkloads.QuarterShareGpt(Requests, PaperNumbers.Seed);
        var table = new MarkdownTable("measured, and foretold by the simulator", "tokens/s", "foretold", "error", "tokens a step", "foretold", "÷ Orca (Oracle)");
        double[] measured = new double[s_systems.Length];
        List<MeasuredStep>[] runs = [.. s_systems.Select(system => engine.Run(system, workload))];
        var cost = new MeasuredCost([.. before, .. Profile(engine)]); // half of it after: what the machine's other users do changes slowly
        for (int i = 0; i < s_systems.Length; i++) measured[i] = runs[i].Sum(step => (double)step.Work.Samples) / runs[i].Sum(step => step.Seconds);
        for (int i = 0; i < s_systems.Length; i++)
        {
            SimulationResult foretold = new Simulator(engine.Shape with { System = s_systems[i], Cost = cost }).Run(workload);
            table.Add(
                s_systems[i].Name, $"{measured[i]:0}", $"{foretold.TokensPerSecond:0}", $"{foretold.TokensPerSecond / measured[i] - 1:+0.0 %;−0.0 %}",
                $"{runs[i].Average(step => (double)step.Work.Samples):0.0}", $"{foretold.TokensPerStep:0.0}", $"{measured[i] / measured[1]:0.00} ×");
        }

        page.Table("real", table);
    }

    /// <summary>Some seconds of steps of all sizes, with other requests than the experiment's: few at a time, and as many as fit.</summary>
    private static List<MeasuredStep> Profile(RealEngine engine) =>
    [
        .. engine.Run(ServingSystem.Paged, PaperWorkloads.QuarterShareGpt(40, seed: 11)),
        .. engine.Run(ServingSystem.OrcaMax, PaperWorkloads.QuarterShareGpt(20, seed: 12)),
        .. engine.Run(ServingSystem.FasterTransformer, PaperWorkloads.QuarterShareGpt(10, seed: 13)),
    ];
}
