using Folio.Paper.Real;

namespace Folio.Simulation.Tests;

/// <summary>The real engine of docs/paper's last table, which the simulator foretells.</summary>
public sealed class RealEngineTests
{
    /// <summary>Neither is told how long answers will be, so both leave the same room for growth; many short answers in a full cache, so that it matters.</summary>
    [Theory]
    [InlineData("Folio")]
    [InlineData("Orca (Pow2)")]
    public void The_simulator_takes_the_steps_that_the_engine_takes(string name)
    {
        ServingSystem system = ServingSystem.All.Single(system => system.Name == name);
        Workload workload = new("short answers", [.. Enumerable.Range(0, 100).Select(i => new SimulatedRequest(0, PromptTokens: 45 + i % 30, OutputTokens: 20 + i % 10))]);
        using RealEngine engine = RealEngine.Demo(TestData.Repository);
        var seen = new Recorder();
        var simulator = new Simulator(engine.Shape with { System = system, Cost = seen });
        seen.Steps.Clear(); // the scheduler has asked what swaps cost
        simulator.Run(workload);
        Assert.Equal(seen.Steps, engine.Run(system, workload).Select(step => step.Work));
    }

    private sealed class Recorder : IStepCost
    {
        public List<StepWork> Steps { get; } = [];

        public double Seconds(in StepWork work)
        {
            Steps.Add(work);
            return 1e-3;
        }
    }
}
