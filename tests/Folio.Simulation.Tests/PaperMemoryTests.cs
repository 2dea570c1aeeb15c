using System.Collections.Concurrent;

namespace Folio.Simulation.Tests;

/// <summary>Scenario S16: the paper's Fig. 2 and 13, OPT-13B with ShareGPT lengths above what any system sustains.</summary>
public sealed class PaperMemoryTests
{
    private const double Minutes = 60;

    private static readonly ConcurrentDictionary<string, SimulationResult> s_results = [];

    /// <summary>Each system runs once for all tests.</summary>
    private static SimulationResult Run(string system) => s_results.GetOrAdd(system, name =>
        new Simulator(SimulatedEngine.Of(ServingSystem.All.Single(known => known.Name == name), Deployment.Opt13B)).Run(PaperWorkloads.ShareGpt(rate: 2.3, seconds: 30 * Minutes, seed: 1)));

    [Fact]
    public void Of_the_slots_that_paging_allocates_98_percent_hold_tokens_and_hardly_any_are_free()
    {
        MemoryUse memory = Run(ServingSystem.Paged.Name).Memory;
        Assert.InRange(memory.TokensOfAllocated, 0.98, 1);
        Assert.InRange(memory.Tokens, 0.93, 1); // admission leaves room for 16 tokens of growth a sequence
    }

    [Theory]
    [InlineData("Orca (Max)", 0.204, 0.133, 0.573, 0.089)]
    [InlineData("Orca (Pow2)", 0.268, 0.179, 0.136, 0.416)]
    [InlineData("Orca (Oracle)", 0.382, 0.252, 0, 0.366)]
    public void Reservation_wastes_what_the_paper_says(string name, double tokens, double reserved, double inside, double outside)
    {
        MemoryUse memory = Run(name).Memory;
        Assert.Equal(tokens, memory.Tokens, 0.03);
        Assert.Equal(reserved, memory.Reserved, 0.03);
        Assert.Equal(inside, memory.Internal, 0.03);
        Assert.Equal(outside, memory.ExternalAndFree, 0.04);
    }

    [Theory]
    [InlineData("Orca (Max)", 7.00, 0.01)]
    [InlineData("Orca (Pow2)", 9.81, 0.8)]
    [InlineData("Orca (Oracle)", 13.62, 0.8)]
    [InlineData("Folio", 30.42, 5)]
    public void As_many_requests_run_at_once_as_in_the_paper(string name, double paper, double tolerance) =>
        Assert.Equal(paper, Run(name).MeanRequests, tolerance);
}
