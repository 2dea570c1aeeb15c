using Folio.Bench;

namespace Folio.Tests;

public class DistributionTests
{
    /// <summary>By hand: of n sorted values the p-th percentile lies at p / 100 · (n − 1), on the line between its neighbours.</summary>
    [Theory]
    [InlineData(0, 10)]
    [InlineData(25, 20)]
    [InlineData(40, 26)]
    [InlineData(50, 30)]
    [InlineData(90, 39)]
    [InlineData(99, 44.4)]
    [InlineData(100, 45)]
    public void Percentiles_lie_on_lines_between_neighbours(double percent, double expected) => Assert.Equal(expected, new Distribution([45, 10, 30, 20, 30]).Percentile(percent), 12);

    [Fact]
    public void The_deviation_is_that_of_the_values_themselves()
    {
        var values = new Distribution([2, 4, 4, 4, 5, 5, 7, 9]);
        Assert.Equal(5, values.Mean, 12);
        Assert.Equal(2, values.Deviation, 12);
        Assert.Equal(4.5, values.Median, 12);
    }

    [Fact]
    public void Nothing_measured_is_zero()
    {
        var none = new Distribution([]);
        Assert.Equal((0, 0, 0, 0), (none.Mean, none.Deviation, none.Median, none.Percentile(99)));
    }
}
