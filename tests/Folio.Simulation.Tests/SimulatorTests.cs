namespace Folio.Simulation.Tests;

public sealed class SimulatorTests
{
    private static SimulationResult Run(ServingSystem system, Workload workload) => new Simulator(SimulatedEngine.Of(system, Deployment.Opt13B), seed: 7).Run(workload);

    public static TheoryData<string> Systems => [.. ServingSystem.All.Select(system => system.Name)];

    [Theory, MemberData(nameof(Systems))]
    public void Every_request_is_served_to_its_length_and_twice_the_same(string name)
    {
        ServingSystem system = ServingSystem.All.Single(system => system.Name == name);
        Workload workload = PaperWorkloads.ShareGpt(rate: 2, seconds: 300, seed: 5);
        SimulationResult first = Run(system, workload), second = Run(system, workload);
        Assert.Equal(workload.Requests.Count, first.Served.Count);
        Assert.Equal(workload.Requests.Select(request => request.OutputTokens).Order(), first.Served.Select(request => request.OutputTokens).Order());
        Assert.Equal(first.Served, second.Served);
    }

    [Fact]
    public void A_lone_request_takes_its_steps_and_nothing_else()
    {
        SimulatedEngine engine = SimulatedEngine.Of(ServingSystem.Paged, Deployment.Opt13B);
        SimulationResult result = new Simulator(engine).Run(new("one", [new(3, PromptTokens: 100, OutputTokens: 3)]));
        double expected = engine.Cost.Seconds(new(100, 1, 100, 5050, 1)) + engine.Cost.Seconds(new(1, 1, 101, 101, 1)) + engine.Cost.Seconds(new(1, 1, 102, 102, 1));
        ServedRequest served = Assert.Single(result.Served);
        Assert.Equal(3 + expected, served.End, 1e-9);
        Assert.Equal(expected / 3, result.NormalizedLatency, 1e-9);
    }

    [Fact]
    public void A_static_batch_is_answered_as_a_whole_and_keeps_newcomers_out()
    {
        SimulationResult result = Run(ServingSystem.FasterTransformer, new("batches", [new(0, 10, 5), new(0, 10, 50), new(0.01, 10, 1)]));
        Assert.Equal(result.Served[0].End, result.Served[1].End);
        Assert.True(result.Served[2].FirstToken > result.Served[1].End);
    }

    [Fact]
    public void Orca_lets_a_newcomer_start_while_others_run()
    {
        SimulationResult result = Run(ServingSystem.OrcaMax, new("iterations", [new(0, 10, 500), new(0.01, 10, 1)]));
        Assert.Equal(1, result.Served[0].OutputTokens);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(6)]
    public void Samples_of_one_prompt_share_its_blocks_and_only_where_there_is_sharing(int n)
    {
        Workload workload = PaperWorkloads.Wide(PaperWorkloads.Alpaca(rate: 4, seconds: 120, seed: 2), n, beams: false);
        Assert.InRange(Run(ServingSystem.Paged, workload).Memory.SavedBySharing, 0.03, 0.2);
        Assert.Equal(0, Run(ServingSystem.OrcaOracle, workload).Memory.SavedBySharing, 1e-9);
    }

    [Fact]
    public void Beams_share_much_more_than_samples()
    {
        Workload workload = PaperWorkloads.Wide(PaperWorkloads.Alpaca(rate: 2, seconds: 120, seed: 2), 4, beams: true);
        Assert.InRange(Run(ServingSystem.Paged, workload).Memory.SavedBySharing, 0.3, 0.75);
    }
}
