namespace Folio.Compute.Cpu.Tests.Sampling;

/// <summary>The filters against a sort of the whole row, on large rows and on rows full of equals.</summary>
public sealed class FilterTests
{
    [Fact]
    public void Kept_ids_equal_those_of_a_full_sort()
    {
        var random = new Random(11);
        for (int round = 0; round < 120; round++)
        {
            int n = random.Next(1, round % 10 == 0 ? 50_000 : 700);
            float[] row = Given.Values(n, round, scale: (float)Math.Pow(10, random.NextDouble() * 2 - 1));
            if (round % 4 == 1) row = [.. row.Select(x => MathF.Round(x))];
            if (round % 7 == 2) Array.Fill(row, -3.25f);
            var request = new SampleRequest(
                0, 0.2f + 2 * random.NextSingle(), Pick(0, random.Next(1, 60), random.Next(1, n + 2)), Pick(1, random.NextSingle(), 0.95f), Pick(0, 0.05f, random.NextSingle()), 1, 1);
            Assert.True(Expected(row, request).SetEquals(Kept(row, request)), $"round {round}: {request}, {n} ids");

            T Pick<T>(params T[] choices) => choices[random.Next(choices.Length)];
        }
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(50, false)]
    [InlineData(50, true)]
    [InlineData(256, false)]
    [InlineData(257, false)]
    [InlineData(5000, true)]
    public void Top_k_of_a_large_vocabulary_equals_a_full_sort(int k, bool coarse)
    {
        float[] row = Given.Values(20_011, k, scale: 5);
        if (coarse) row = [.. row.Select(x => MathF.Round(x))];
        for (int i = 0; i < row.Length; i += 3) row[i] = float.NegativeInfinity; // a grammar's mask
        var request = new SampleRequest(0, 0.8f, k, TopP: 1, MinP: 0, 1, 1);
        Assert.True(Expected(row, request).SetEquals(Kept(row, request)));
    }

    [Fact]
    public void Ties_at_the_top_k_cut_all_stay() =>
        Assert.Equal([1, 2, 4], Kept([0, 5, 3, 1, 3, 2], new(0, 1, TopK: 2, TopP: 1, MinP: 0, 1, 1)).Order());

    [Fact]
    public void Of_equals_at_the_top_p_cut_the_lowest_ids_stay() =>
        Assert.Equal([0, 1, 2], Kept([1, 1, 1, 1, 1, 1, 1, 1, 1, 1], new(0, 1, TopK: 0, TopP: 0.25f, MinP: 0, 1, 1)).Order());

    [Fact]
    public void The_largest_always_stays() => Assert.Equal([3], Kept([0, 1, 2, 9, 9], new(0, 1, TopK: 0, TopP: 0, MinP: 0, 1, 1)));

    private static HashSet<int> Kept(float[] row, SampleRequest request)
    {
        using var backend = new CpuBackend(threads: 1);
        Tensor logits = backend.Buffer(row, row.Length);
        backend.Sample(logits, [request], new int[1]);
        float[] filtered = backend.Read(logits);
        return [.. Enumerable.Range(0, row.Length).Where(id => filtered[id] > float.NegativeInfinity)];
    }

    private static HashSet<int> Expected(float[] row, SampleRequest request)
    {
        float[] z = [.. row.Select(x => x / request.Temperature)];
        float max = z.Max();
        List<int> kept = [.. Enumerable.Range(0, z.Length)];
        if (request.MinP > 0) kept.RemoveAll(id => z[id] - max < Math.Log(request.MinP));
        if (request.TopK > 0 && request.TopK < kept.Count)
        {
            float last = kept.Select(id => z[id]).OrderDescending().ElementAt(request.TopK - 1);
            kept.RemoveAll(id => z[id] < last);
        }

        if (request.TopP >= 1) return [.. kept];
        double total = kept.Sum(id => Math.Exp(z[id] - max)), sum = 0;
        List<int> ascending = [.. kept.OrderBy(id => z[id]).ThenByDescending(id => id)];
        foreach (int id in ascending[..^1])
        {
            sum += Math.Exp(z[id] - max);
            if (sum > (1 - request.TopP) * total) break;
            kept.Remove(id);
        }

        return [.. kept];
    }
}
