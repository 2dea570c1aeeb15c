namespace Folio.Simulation.Tests;

/// <summary>Scenario S16: the paper's Fig. 2 and 13, OPT-13B with ShareGPT lengths above what any system sustains.</summary>
public sealed class PaperMemoryTests
{
    private const double Minutes = 60;

    private static SimulationResult Run(ServingSystem system) => new Simulator(SimulatedEngine.Of(system, Deployment.Opt13B)).Run(PaperWorkloads.ShareGpt(rate: 2.3, seconds: 30 * Minutes, seed: 1));

    [Fact]
    public void Of_the_slots_that_paging_allocates_98_percent_hold_tokens_and_hardly_any_are_free()
    {
        MemoryUse memory = Run(ServingSystem.Paged).Memory;
        Assert.InRange(memory.TokensOfAllocated, 0.98, 1);
        Assert.InRange(memory.Tokens, 0.94, 1); // the paper: 96.3 % of the whole
    }

    [Theory]
    [InlineData("Orca (Max)", 0.204, 0.133, 0.573, 0.089)]
    [InlineData("Orca (Pow2)", 0.268, 0.179, 0.136, 0.416)]
    [InlineData("Orca (Oracle)", 0.382, 0.252, 0, 0.366)]
    public void Reservation_wastes_what_the_paper_says(string name, double tokens, double reserved, double inside, double outside)
    {
        MemoryUse memory = Run(ServingSystem.All.Single(system => system.Name == name)).Memory;
        Assert.Equal(tokens, memory.Tokens, 0.03);
        Assert.Equal(reserved, memory.Reserved, 0.03);
        Assert.Equal(inside, memory.Internal, 0.03);
        Assert.Equal(outside, memory.External, 0.04);
    }

    [Theory]
    [InlineData("Orca (Max)", 7.00, 0.01)]
    [InlineData("Orca (Pow2)", 9.81, 0.8)]
    [InlineData("Orca (Oracle)", 13.62, 0.8)]
    [InlineData("Folio", 30.42, 5)]
    public void As_many_requests_run_at_once_as_in_the_paper(string name, double paper, double tolerance) =>
        Assert.Equal(paper, Run(ServingSystem.All.Single(system => system.Name == name)).MeanRequests, tolerance);
}
