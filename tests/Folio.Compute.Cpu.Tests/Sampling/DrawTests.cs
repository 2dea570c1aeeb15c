namespace Folio.Compute.Cpu.Tests.Sampling;

public sealed class DrawTests
{
    private static SampleRequest Request(ulong seed, long position, int row = 0, float temperature = 1) => new(row, temperature, TopK: 0, TopP: 1, MinP: 0, seed, position);

    [Theory]
    [InlineData(1f)]
    [InlineData(0.5f)]
    public void Draws_follow_the_probabilities(float temperature)
    {
        const int draws = 40_000;
        float[] logits = [2, 1.5f, -1, 0, 0.3f, 3, -3, 1, 2.2f, -0.5f, 1.1f];
        int[] counts = new int[logits.Length];
        foreach (int id in Draws(logits, draws, temperature)) counts[id]++;

        double sum = logits.Sum(z => Math.Exp(z / temperature)), chiSquare = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            double expected = draws * Math.Exp(logits[i] / temperature) / sum;
            chiSquare += (counts[i] - expected) * (counts[i] - expected) / expected;
        }

        Assert.InRange(chiSquare, 0.5, 29.6); // 10 degrees of freedom: above with probability 0.1 %
    }

    [Fact]
    public void A_flat_vocabulary_is_drawn_evenly()
    {
        const int vocabulary = 1000, draws = 30_000, bins = 50;
        int[] counts = new int[bins];
        foreach (int id in Draws(new float[vocabulary], draws, 1)) counts[id * bins / vocabulary]++;
        double chiSquare = counts.Sum(count => Math.Pow(count - draws / (double)bins, 2) / (draws / (double)bins));
        Assert.InRange(chiSquare, 20, 85.4); // 49 degrees of freedom
    }

    [Fact]
    public void Rare_ids_are_drawn_at_their_rate()
    {
        // 4096 ids of 1/16384 each beside one of 3/4: rare winners need noise that is fine near zero.
        float[] logits = [MathF.Log(12288), .. new float[4096]];
        int rare = Draws(logits, 20_000, 1).Count(id => id > 0);
        Assert.InRange(rare, 5000 - 4 * 61, 5000 + 4 * 61);
    }

    [Fact]
    public void A_draw_depends_on_seed_and_position_and_nothing_else()
    {
        float[] row = Given.Values(5000, 1);
        int[] alone = new int[1];
        for (int threads = 1; threads <= 3; threads++)
        {
            using var backend = new CpuBackend(threads);
            Tensor many = backend.Buffer([.. Enumerable.Repeat(row, 20).SelectMany(x => x)], 5000, shift: 3);
            SampleRequest[] requests = [.. Enumerable.Range(0, 20).Select(i => Request(seed: (ulong)(i % 2), position: 20 - i, row: i, temperature: 2))];
            int[] together = new int[20];
            backend.Sample(many, requests, together);
            for (int i = 0; i < 20; i++)
            {
                backend.Sample(backend.Buffer(row, 5000), [requests[i] with { Row = 0 }], alone);
                Assert.Equal(alone[0], together[i]);
            }

            Assert.True(together.Distinct().Count() > 15);
        }
    }

    [Fact]
    public void The_winner_is_that_of_the_definition()
    {
        float[] row = Given.Values(1003, 3);
        for (int position = 0; position < 50; position++)
        {
            int best = Enumerable.Range(0, row.Length).MaxBy(id => Math.Exp(row[id]) / CounterRandom.Exponential(CounterRandom.Bits(99, position, id)));
            Assert.Equal(best, Draw(row, Request(99, position)));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Logits_that_are_not_numbers_count_as_impossible(float temperature)
    {
        float[] row = Given.Values(100, 1);
        for (int i = 0; i < 100; i++) row[i] = i == 57 ? row[i] : i % 2 == 0 ? float.NaN : float.NegativeInfinity;
        Assert.Equal(57, Draw(row, new(0, temperature, TopK: 3, TopP: 0.5f, MinP: 0.1f, 1, 1)));
        row[57] = float.NaN;
        Assert.Equal(-1, Draw(row, new(0, temperature, TopK: 3, TopP: 0.5f, MinP: 0.1f, 1, 1)));
        row[57] = float.PositiveInfinity;
        Assert.Equal(57, Draw(row, new(0, temperature, TopK: 3, TopP: 0.5f, MinP: 0.1f, 1, 1)));
    }

    [Fact]
    public void Greedy_takes_the_lowest_of_equals_and_leaves_the_row_alone()
    {
        for (int first = 0; first < 30; first++)
        {
            float[] row = new float[77];
            (row[first], row[first + 5], row[76]) = (4, 4, 4);
            using var backend = new CpuBackend(threads: 1);
            Tensor logits = backend.Buffer(row, 77);
            int[] id = new int[1];
            backend.Sample(logits, [new(0, 0, TopK: 1, TopP: 0.1f, MinP: 0.5f, 1, 1)], id);
            Assert.Equal(first, id[0]);
            Assert.Equal(row, backend.Read(logits));
        }
    }

    private static int[] Draws(float[] row, int count, float temperature)
    {
        using var backend = new CpuBackend(threads: 2);
        const int rows = 100;
        Tensor logits = backend.Allocate(rows, row.Length);
        float[] copies = [.. Enumerable.Repeat(row, rows).SelectMany(x => x)];
        var ids = new int[count];
        for (int first = 0; first < count; first += rows)
        {
            backend.Write(logits, copies);
            backend.Sample(logits, [.. Enumerable.Range(0, rows).Select(i => Request(seed: 42, position: first + i, row: i, temperature))], ids.AsSpan(first, rows));
        }

        return ids;
    }

    private static int Draw(float[] row, SampleRequest request)
    {
        using var backend = new CpuBackend(threads: 1);
        int[] id = new int[1];
        backend.Sample(backend.Buffer(row, row.Length), [request], id);
        return id[0];
    }
}
