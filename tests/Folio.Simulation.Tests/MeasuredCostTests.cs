namespace Folio.Simulation.Tests;

public sealed class MeasuredCostTests
{
    /// <summary>Steps of 1 ms and 10 µs a token, 50 µs less for each of the first four; 2 µs a sample; 1 ns a pair.</summary>
    private static double Truth(in StepWork work) => 1e-3 + 50e-6 * Math.Min(work.Tokens, 4) + 10e-6 * work.Tokens + 2e-6 * work.Samples + 1e-9 * work.AttentionPairs;

    private static List<MeasuredStep> Profile(double noise)
    {
        var draws = new Draws(6);
        List<MeasuredStep> steps = [];
        for (int i = 0; i < 500; i++)
        {
            int samples = 1 + draws.NextIndex(40), tokens = samples + (i % 3 == 0 ? draws.NextIndex(200) : 0);
            var work = new StepWork(tokens, samples, 0, (long)tokens * (1 + draws.NextIndex(500)), samples);
            steps.Add(new(work, Truth(work) * (1 + noise * draws.NextNormal())));
        }

        return steps;
    }

    [Theory]
    [InlineData(0, 1e-6)]
    [InlineData(0.1, 0.05)]
    public void A_profile_foretells_steps_that_it_has_not_seen(double noise, double tolerance)
    {
        var cost = new MeasuredCost(Profile(noise));
        StepWork[] unseen = [new(3, 3, 0, 700, 3), new(25, 25, 0, 9000, 25), new(130, 10, 0, 20000, 10)];
        Assert.All(unseen, work => Assert.InRange(cost.Seconds(work) / Truth(work), 1 - tolerance, 1 + tolerance));
    }

    [Fact]
    public void A_profile_of_a_few_steps_is_refused() => Assert.Throws<FolioException>(() => new MeasuredCost(Profile(0)[..20]));
}
