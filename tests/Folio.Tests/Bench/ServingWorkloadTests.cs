using Folio.Bench;
using Folio.Simulation;

namespace Folio.Tests;

public class ServingWorkloadTests
{
    private const int Count = 20_000;

    /// <summary>A gamma distribution of shape k and scale θ has the mean k · θ and the variance k · θ²; Poisson arrivals are the shape 1.</summary>
    [Theory]
    [InlineData(0.25)]
    [InlineData(1)]
    [InlineData(4)]
    public void Gamma_draws_have_their_mean_and_variance(double shape)
    {
        var draws = new Draws(1);
        double[] values = [.. Enumerable.Range(0, Count).Select(_ => draws.NextGamma(shape, scale: 3))];
        var distribution = new Distribution(values);
        Assert.InRange(distribution.Mean / (shape * 3), 0.96, 1.04);
        Assert.InRange(distribution.Deviation * distribution.Deviation / (shape * 9), 0.92, 1.08);
        Assert.True(values.Min() > 0);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(1)]
    [InlineData(8)]
    public void Arrivals_keep_the_rate_and_are_as_bursty_as_asked(double burstiness)
    {
        Workload workload = ServingWorkload.Random(Count, 8, 8, 0, seed: 7).Arriving(rate: 50, burstiness, seed: 7);
        double[] times = [.. workload.Requests.Select(request => request.Arrival)];
        Assert.Equal(Count / 50.0, times[^1], 9);
        var gaps = new Distribution(times.Zip(times.Prepend(0), (time, before) => time - before));
        Assert.InRange(gaps.Deviation / gaps.Mean * Math.Sqrt(burstiness), 0.96, 1.04); // the coefficient of variation is 1 / √shape
    }

    [Fact]
    public void Without_bursts_gaps_are_equal_and_without_a_rate_there_are_none()
    {
        Workload workload = ServingWorkload.Random(4, 8, 8, 0, seed: 0);
        Assert.Equal([0.5, 1, 1.5, 2], workload.Arriving(2, double.PositiveInfinity, seed: 0).Requests.Select(request => request.Arrival));
        Assert.All(workload.Arriving(double.PositiveInfinity, 1, seed: 0).Requests, request => Assert.Equal(0, request.Arrival));
    }

    [Fact]
    public void Random_prompts_share_the_prefix_alone_and_differ_between_seeds()
    {
        int[][] prompts = [.. Prompts(seed: 3), .. Prompts(seed: 4)];
        Assert.All(prompts, prompt => Assert.Equal(48, prompt.Length));
        Assert.All(prompts.SelectMany(prompt => prompt), id => Assert.InRange(id, 300, 999));
        Assert.Equal(prompts[0][..32], prompts[1][..32]);
        Assert.NotEqual(prompts[0][32..], prompts[1][32..]);
        Assert.NotEqual(prompts[0][..32], prompts[2][..32]);

        static IEnumerable<int[]> Prompts(ulong seed) =>
            ServingWorkload.Random(2, input: 16, output: 4, prefix: 32, seed).Requests.Select((request, i) => RandomPrompts.Ids(request, RandomPrompts.Number(seed, i), vocabulary: 1000));
    }

    [Fact]
    public void ShareGpt_lengths_fit_the_papers_context()
    {
        Workload workload = ServingWorkload.ShareGpt(500, seed: 1);
        Assert.Equal(500, workload.Requests.Count);
        Assert.All(workload.Requests, request => Assert.InRange(request.PromptTokens + request.OutputTokens, 2, 2048));
        Assert.InRange(workload.Requests.Average(request => request.PromptTokens), 130, 200);
    }

    [Fact]
    public void Of_a_trace_only_what_the_model_takes_is_sent()
    {
        Workload workload = ServingWorkload.Trace("azure-conv", 10, most: 200);
        Assert.Equal(10, workload.Requests.Count);
        Assert.All(workload.Requests, request => Assert.InRange(request.PromptTokens + request.OutputTokens, 2, 200));
        Assert.Throws<FolioException>(() => ServingWorkload.Trace("azure-conv", 10, most: 1));
    }
}
