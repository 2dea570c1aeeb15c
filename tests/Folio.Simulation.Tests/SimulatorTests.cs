using Folio.Engine;

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

    /// <summary>Orca (Max) has room for seven: of two requests with four samples each, three of the second start with the first.</summary>
    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void Without_sharing_samples_start_as_there_is_room_and_beams_together(bool beams, bool together)
    {
        SimulationResult result = Run(ServingSystem.OrcaMax, PaperWorkloads.Wide(new("two", [new(0, 10, 50), new(0, 10, 50)]), 4, beams));
        Assert.Equal(2, result.Served.Count);
        Assert.Equal(400, result.OutputTokens);
        Assert.Equal(together, result.Served[1].FirstToken == result.Served[0].FirstToken);
    }

    [Theory, MemberData(nameof(Systems))]
    public void What_can_never_run_is_refused_and_the_rest_served(string name)
    {
        SimulatedRequest longer = new(0, PromptTokens: 2000, OutputTokens: 100), wide = new(0, 10, 20) { Width = 300, Beams = true }, good = new(0, 10, 20);
        SimulationResult result = Run(ServingSystem.All.Single(system => system.Name == name), new("some", [longer, wide, good, longer]));
        Assert.Equal((3, 1, 0), (result.Rejected, result.Served.Count, result.Unserved));
        Assert.Equal(double.PositiveInfinity, result.NormalizedLatency);
    }

    /// <summary>Eight beams of 2048 slots, where there is room for seven; each of eight samples alone has room.</summary>
    [Fact]
    public void A_reservation_looks_at_all_of_a_group()
    {
        SimulatedRequest samples = new(0, 10, 20) { Width = 8 }, beams = samples with { Beams = true };
        SimulationResult result = Run(ServingSystem.OrcaMax, new("wide", [beams, samples]));
        Assert.Equal((1, 1), (result.Rejected, result.Served.Count));
    }

    /// <summary>Small caches, budgets and limits, where groups preempt each other and themselves: nobody is lost, and nothing stops.</summary>
    [Fact]
    public void In_caches_that_are_far_too_small_every_request_is_answered()
    {
        long preemptions = 0;
        for (ulong seed = 0; seed < 300; seed++)
        {
            var draws = new Draws(seed);
            int blocks = 40 + draws.NextIndex(60), tokens = 4 + draws.NextIndex(30);
            SimulatedEngine engine = SimulatedEngine.Of(ServingSystem.Paged with { Preemption = (PreemptionMode)draws.NextIndex(3), HostBlocks = draws.NextIndex(20) }, Deployment.Opt13B, blockSize: 2 + draws.NextIndex(4)) with
            {
                Blocks = blocks,
                Limits = new(tokens, Sequences: 4 + draws.NextIndex(20), LogitRows: tokens),
            };
            SimulatedRequest[] requests = [.. Enumerable.Range(0, 12).Select(i => new SimulatedRequest(draws.NextUniform(), 1 + draws.NextIndex(20), 1 + draws.NextIndex(200)) { Width = 1 + draws.NextIndex(4), Beams = draws.NextUniform() < 0.6 })];
            SimulationResult result = new Simulator(engine, seed).Run(new("small", [.. requests.OrderBy(request => request.Arrival)]));
            Assert.True(result.Served.Count + result.Rejected == requests.Length, $"seed {seed}: {result.Served.Count} served, {result.Rejected} refused");
            preemptions += result.Preemptions;
        }

        Assert.True(preemptions > 300, $"{preemptions}");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(6)]
    public void Samples_of_one_prompt_share_its_blocks_and_only_where_there_is_sharing(int n)
    {
        Workload workload = PaperWorkloads.Wide(PaperWorkloads.Alpaca(rate: 4, seconds: 120, seed: 2), n, beams: false);
        Assert.InRange(Run(ServingSystem.Paged, workload).Sharing.Saved, 0.03, 0.2);
        Assert.Equal(0, Run(ServingSystem.OrcaOracle, workload).Sharing.Saved, 1e-9);
    }

    [Fact]
    public void Beams_share_much_more_than_samples()
    {
        Workload workload = PaperWorkloads.Wide(PaperWorkloads.Alpaca(rate: 2, seconds: 120, seed: 2), 4, beams: true);
        Assert.InRange(Run(ServingSystem.Paged, workload).Sharing.Saved, 0.3, 0.75);
    }
}
