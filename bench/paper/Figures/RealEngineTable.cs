using Folio.Paper.Real;
using Folio.Simulation;

namespace Folio.Paper.Figures;

/// <summary>The paper's experiment on the real CPU engine, with a small model and a cache of a quarter of the paper's slots; and how well the simulator foretells it.</summary>
internal static class RealEngineTable
{
    private const int Requests = 160;

    /// <summary>Each run is repeated. Its steps are the same every time, what others do on the machine is not: of each step the shortest time counts.</summary>
    private const int Rounds = 7;

    private static readonly ServingSystem[] s_systems = [ServingSystem.Paged, ServingSystem.OrcaOracle, ServingSystem.OrcaPow2, ServingSystem.OrcaMax];

    // Other requests than the experiment's, for steps of all sizes: few sequences at a time, and as many as fit.
    private static readonly (ServingSystem System, Workload Workload)[] s_profile =
    [
        (ServingSystem.Paged, PaperWorkloads.QuarterShareGpt(40, seed: 11)),
        (ServingSystem.OrcaMax, PaperWorkloads.QuarterShareGpt(20, seed: 12)),
        (ServingSystem.FasterTransformer, PaperWorkloads.QuarterShareGpt(10, seed: 13)),
    ];

    public static void Make(Page page)
    {
        using RealEngine engine = RealEngine.Demo(page.Repository);
        Workload workload = PaperWorkloads.QuarterShareGpt(Requests, PaperNumbers.Seed);
        (ServingSystem System, Workload Workload)[] runs = [.. s_profile, .. s_systems.Select(system => (system, workload))];
        List<MeasuredStep>[] steps = Measure(engine, runs);
        var cost = new MeasuredCost([.. steps.Take(s_profile.Length).SelectMany(run => run)]);

        var table = new MarkdownTable("measured, and foretold by the simulator", "tokens per CPU second", "foretold", "error", "tokens a step", "foretold", "÷ Orca (Oracle)");
        List<MeasuredStep>[] measured = steps[s_profile.Length..];
        double worst = 0;
        for (int i = 0; i < s_systems.Length; i++)
        {
            SimulationResult foretold = new Simulator(engine.Shape with { System = s_systems[i], Cost = cost }).Run(workload);
            double error = foretold.TokensPerSecond / TokensPerSecond(measured[i]) - 1;
            if (Math.Abs(error) > Math.Abs(worst)) worst = error;
            table.Add(
                s_systems[i].Name, $"{TokensPerSecond(measured[i]):0}", $"{foretold.TokensPerSecond:0}", $"{error:+0.0 %;−0.0 %}",
                $"{measured[i].Average(step => (double)step.Work.Samples):0.0}", $"{foretold.TokensPerStep:0.0}", $"{TokensPerSecond(measured[i]) / TokensPerSecond(measured[1]):0.00} ×");
        }

        page.Table("real", table);
        page.Number("target-error", $"{worst:+0.0 %;−0.0 %}");
    }

    private static List<MeasuredStep>[] Measure(RealEngine engine, (ServingSystem System, Workload Workload)[] runs)
    {
        List<MeasuredStep>[] best = [.. runs.Select(run => engine.Run(run.System, run.Workload))];
        for (int round = 1; round < Rounds; round++)
        {
            for (int i = 0; i < runs.Length; i++)
            {
                List<MeasuredStep> again = engine.Run(runs[i].System, runs[i].Workload);
                if (again.Count != best[i].Count) throw new InvalidOperationException("the same requests took other steps");
                best[i] = [.. best[i].Zip(again, (a, b) => a.Seconds <= b.Seconds ? a : b)];
            }
        }

        return best;
    }

    private static double TokensPerSecond(List<MeasuredStep> steps) => steps.Sum(step => (double)step.Work.Samples) / steps.Sum(step => step.Seconds);
}
