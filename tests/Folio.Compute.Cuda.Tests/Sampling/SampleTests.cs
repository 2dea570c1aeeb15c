using Folio.Compute.Cpu;
using Folio.Compute.Cuda.Sampling;

namespace Folio.Compute.Cuda.Tests.Sampling;

/// <summary>Draws, emulated, beside the CPU's: the same ids, and the same bits in rows that are kept.</summary>
public sealed class SampleTests : IDisposable
{
    private const double Near = 1e-6;
    private readonly CpuBackend _cpu = new(threads: 1);

    public void Dispose() => _cpu.Dispose();

    [Fact]
    public void Rows_of_all_kinds_are_filtered_and_drawn_as_on_the_CPU()
    {
        const int batches = 120, rows = 5;
        int near = 0;
        for (int batch = 0; batch < batches; batch++)
        {
            var random = new Random(batch);
            int vocabulary = random.Next(1, batch % 8 == 0 ? 9 : batch % 20 == 1 ? 15_000 : 1100);
            float[][] logits = [.. Enumerable.Range(0, rows).Select(row => Rows.Of((RowKind)((batch + row) % (int)RowKind.Count), vocabulary, random))];
            SampleRequest[] requests = [.. Enumerable.Range(0, rows).Select(row => Request(random, row, vocabulary))];
            (int[] expected, float[][] left) = OnCpu(logits, requests);
            using var sampling = new EmulatedSampling(logits) { BlocksPerRow = 1 + batch % 3 };
            int[] drawn = sampling.Sample([.. requests.Select(request => Draw.Of(request with { IsShared = true }, vocabulary))]);
            for (int row = 0; row < rows; row++)
            {
                string scene = $"batch {batch}, row {row}: {vocabulary} ids, {requests[row]}";
                if (drawn[row] == expected[row] && Same(left[row], sampling.Row(row))) continue;
                Assert.True(IsNearThreshold(left[row], sampling.Row(row), logits[row], requests[row]), scene);
                near++;
            }
        }

        Assert.InRange(near, 0, batches * rows / 100);
    }

    [Fact]
    public void A_draw_depends_on_its_row_and_request_only_and_leaves_the_row_alone()
    {
        var random = new Random(3);
        float[][] logits = [.. Enumerable.Range(0, 3).Select(_ => Rows.Of(RowKind.Gauss, 700, random))];
        Draw[] draws = [.. Enumerable.Range(0, 3).Select(row => Draw.Of(new(row, 1.5f, row * 40, 0.8f, 0, 7, 100 + row), 700))];
        using var together = new EmulatedSampling(logits) { BlocksPerRow = 3 };
        int[] drawn = together.Sample([.. draws, draws[0]]);
        Assert.Equal(drawn[0], drawn[3]);
        Assert.Equal(drawn, together.Sample([.. draws, draws[0]]));
        for (int row = 0; row < 3; row++)
        {
            Assert.Equal(logits[row], together.Row(row));
            using var alone = new EmulatedSampling([logits[row]]) { BlocksPerRow = 1, RowThreads = SamplePlan.RowThreads, CutThreads = SamplePlan.BlockThreads };
            Assert.Equal([drawn[row]], alone.Sample(draws[row] with { Row = 0 }));
        }
    }

    [Fact]
    public void Siblings_draw_from_the_row_that_the_first_left_what_they_would_have_drawn_alone()
    {
        float[] row = Rows.Of(RowKind.Gauss, 500, new(1));
        SampleRequest first = new(0, 0.7f, 50, 0.9f, 0.01f, Seed: 5, Position: 9);
        using var shared = new EmulatedSampling([row]);
        shared.Sample(Draw.Of(first with { IsShared = true }, 500));
        for (ulong seed = 6; seed < 12; seed++)
        {
            using var own = new EmulatedSampling([row]);
            int[] expected = own.Sample(Draw.Of(first with { Seed = seed }, 500));
            Assert.Equal(expected, shared.Sample(Draw.Of(new(0, 1, 0, 1, 0, seed, 9, IsShared: true), 500)));
        }
    }

    [Fact]
    public void Speeds_have_the_bits_of_the_CPU()
    {
        // The logit with which an id just wins, found on the CPU by halving: with the next lower one it must lose here too. Against one id noise is of any size, against many it is small.
        const int races = 120, vocabulary = 300;
        var random = new Random(4);
        List<float[]> rows = [];
        List<SampleRequest> requests = [];
        while (rows.Count < 2 * races)
        {
            (ulong seed, long position) = ((ulong)random.NextInt64(), random.NextInt64());
            int others = rows.Count % 4 == 0 ? 1 : vocabulary - 1;
            (float lose, float win) = others == 1 ? (-4, -0.01f) : (-4, 12);
            if (Wins(lose) || !Wins(win)) continue;
            while (win > MathF.BitIncrement(lose))
            {
                float middle = lose + (win - lose) / 2;
                (lose, win) = Wins(middle) ? (lose, middle) : (middle, win);
            }

            foreach (float logit in (float[])[lose, win])
            {
                requests.Add(new(rows.Count, 1, 0, 1, 0, seed, position));
                rows.Add(Row(logit));
            }

            bool Wins(float logit) => OnCpu([Row(logit)], [new(0, 1, 0, 1, 0, seed, position)]).Drawn[0] == 0;

            float[] Row(float logit) => [logit, .. new float[others], .. Enumerable.Repeat(float.NegativeInfinity, vocabulary - 1 - others)];
        }

        using var sampling = new EmulatedSampling([.. rows]) { BlocksPerRow = 1 };
        int[] drawn = sampling.Sample([.. requests.Select(request => Draw.Of(request, vocabulary))]);
        Assert.Equal(Enumerable.Range(0, 2 * races).Select(i => i % 2 == 1), drawn.Select(id => id == 0));
    }

    [Fact]
    public void Flat_rows_are_won_by_the_same_least_noise()
    {
        float[] row = new float[900];
        SampleRequest[] requests = [.. Enumerable.Range(0, 160).Select(position => new SampleRequest(0, 1, 0, 1, 0, Seed: 0x123456789abcdef, (1L << 33) + position))];
        using var sampling = new EmulatedSampling([row]) { BlocksPerRow = 1 };
        int[] drawn = sampling.Sample([.. requests.Select(request => Draw.Of(request, 900))]);
        (int[] expected, _) = OnCpu([.. requests.Select(_ => row)], [.. requests.Select((request, i) => request with { Row = i })]);
        Assert.Equal(expected, drawn);
        Assert.True(drawn.Distinct().Count() > 130);
    }

    [Fact]
    public void Greedy_takes_the_lowest_of_equals_and_tells_where_there_is_none()
    {
        float[] tied = new float[400], none = new float[400], infinite = new float[400], notNumbers = new float[400];
        (tied[131], tied[260], tied[399]) = (4, 4, 4);
        Array.Fill(none, float.NegativeInfinity);
        none[17] = float.NaN;
        (infinite[3], infinite[300], infinite[301]) = (9, float.PositiveInfinity, float.PositiveInfinity);
        Array.Fill(notNumbers, float.NaN);
        notNumbers[399] = -5;
        using var sampling = new EmulatedSampling([tied, none, infinite, notNumbers]);
        Assert.Equal([131, -1, 300, 399], sampling.Sample([.. Enumerable.Range(0, 4).Select(row => Draw.Of(new(row, 0, 3, 0.5f, 0.1f, 1, 1, IsShared: true), 400))]));
        Assert.Equal(tied, sampling.Row(0));
    }

    [Theory]
    [InlineData(1, 1, 1), InlineData(1, 128 * 1024, 128), InlineData(256, 128 * 1024, 4), InlineData(5000, 1000, 1), InlineData(0, 1000, 1)]
    public void Blocks_fill_the_card_and_no_warp_is_without_a_chunk(int rows, int vocabulary, int blocks) =>
        Assert.Equal(blocks, SamplePlan.BlocksPerRow(rows, vocabulary, multiprocessors: 132));

    private static SampleRequest Request(Random random, int row, int vocabulary)
    {
        return new(row, Pick(1, 0.2f + 2 * random.NextSingle(), random.Next(8) == 0 ? 0 : 0.7f), Pick(0, random.Next(1, 8), random.Next(1, vocabulary + 2)), Pick(1, random.NextSingle(), 0.95f),
            Pick(0, 0, 0.05f, random.NextSingle()), (ulong)random.NextInt64(), random.NextInt64(0, 1L << 40));

        T Pick<T>(params T[] choices) => choices[random.Next(choices.Length)];
    }

    private (int[] Drawn, float[][] Left) OnCpu(float[][] logits, SampleRequest[] requests)
    {
        Tensor rows = _cpu.Allocate(logits.Length, logits[0].Length);
        _cpu.Write(rows, [.. logits.SelectMany(row => row)]);
        int[] drawn = new int[requests.Length];
        _cpu.Sample(rows, requests, drawn);
        return (drawn, [.. Enumerable.Range(0, logits.Length).Select(row => _cpu.HostRow(rows, row).ToArray())]);
    }

    private static bool Same(ReadOnlySpan<float> left, ReadOnlySpan<float> right) =>
        System.Runtime.InteropServices.MemoryMarshal.Cast<float, int>(left).SequenceEqual(System.Runtime.InteropServices.MemoryMarshal.Cast<float, int>(right));

    /// <summary>Whether the rows differ by one id only, at which the cumulative probability is within 10⁻⁶ of what may be dropped: sums are rounded otherwise there.</summary>
    private static bool IsNearThreshold(float[] expected, float[] actual, float[] logits, SampleRequest request)
    {
        int[] differing = [.. Enumerable.Range(0, expected.Length).Where(id => !expected[id].Equals(actual[id]))];
        if (differing.Length != 1 || request.TopP >= 1) return false;
        float z = logits[differing[0]] / request.Temperature;
        double[] others = [.. Enumerable.Range(0, expected.Length).Where(id => expected[id] > z).Select(id => Math.Exp(expected[id] - (double)z))];

        // What stays without the id in question, and with it, as shares of all that top-k and min-p left, is told by the threshold itself.
        float max = logits.Max() / request.Temperature;
        float floor = request.MinP > 0 ? max + MathF.Log(request.MinP) : float.NegativeInfinity;
        float[] before = [.. logits.Select(logit => logit / request.Temperature).Where(value => value >= floor)];
        if (request.TopK > 0 && request.TopK < before.Length)
        {
            float last = before.OrderDescending().ElementAt(request.TopK - 1);
            before = [.. before.Where(value => value >= last)];
        }

        double total = before.Sum(value => Math.Exp(value - (double)z)), kept = others.Sum();
        return Math.Abs(kept / total - request.TopP) < Near;
    }
}
