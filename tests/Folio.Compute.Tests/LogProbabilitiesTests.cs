namespace Folio.Compute.Tests;

public sealed class LogProbabilitiesTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(1003)]
    [InlineData(49152)]
    public void Log_sum_exp_equals_double_precision(int count)
    {
        float[] row = Row(count, 1);
        if (count > 7) (row[3], row[7]) = (float.NegativeInfinity, float.NaN);
        double expected = Math.Log(row.Where(x => !float.IsNaN(x)).Sum(x => Math.Exp(x - 20.0))) + 20;
        Assert.InRange(LogProbabilities.LogSumExp(row) - expected, -1e-6 * Math.Abs(expected), 1e-6 * Math.Abs(expected));
    }

    [Fact]
    public void A_row_without_a_logit_has_no_mass()
    {
        Assert.Equal(float.NegativeInfinity, LogProbabilities.LogSumExp([float.NaN, float.NegativeInfinity]));
        Assert.Equal(0, LogProbabilities.TopK([float.NaN, float.NegativeInfinity], new int[2]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(20)]
    [InlineData(3000)]
    public void Top_k_is_the_head_of_the_sorted_row_with_the_lower_id_first(int k)
    {
        float[] row = [.. Row(3000, 2).Select(x => MathF.Round(x * 4))]; // many equals
        row[17] = float.NaN;
        int[] expected = [.. Enumerable.Range(0, row.Length).Where(id => id != 17).OrderByDescending(id => row[id]).ThenBy(id => id).Take(k)];
        var ids = new int[k];
        Assert.Equal(expected.Length, LogProbabilities.TopK(row, ids));
        Assert.Equal(expected, ids.Take(expected.Length));
    }

    [Fact]
    public void Ascending_rows_are_the_worst_case_and_still_right()
    {
        float[] row = [.. Enumerable.Range(0, 10_001).Select(i => (float)i)];
        var ids = new int[3];
        Assert.Equal(3, LogProbabilities.TopK(row, ids));
        Assert.Equal([10_000, 9_999, 9_998], ids);
    }

    [Fact]
    public void Rank_counts_the_larger_logits()
    {
        float[] row = [1, 3, 3, 2, float.NaN, 0, -1, 3, 9, 5];
        Assert.Equal(1, LogProbabilities.Rank(row, 8));
        Assert.Equal(3, LogProbabilities.Rank(row, 1));
        Assert.Equal(3, LogProbabilities.Rank(row, 7));
        Assert.Equal(10, LogProbabilities.Rank(row, 4));
    }

    private static float[] Row(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 30 - 10))];
    }
}
