using Folio.Compute.Cuda.Sampling;
using Folio.Compute.Cuda.Tests.Emulation;

namespace Folio.Compute.Cuda.Tests.Sampling;

/// <summary>What is told of rows, emulated, beside what the host tells.</summary>
public sealed class LogprobTests
{
    [Theory]
    [InlineData(1, 64, 64), InlineData(5, 64, 64), InlineData(1000, 64, 64), InlineData(130, SamplePlan.BlockThreads, SamplePlan.LikeliestThreads)]
    public void Norms_ranks_and_likeliest_ids_are_those_of_the_host(int vocabulary, int threads, int likeliestThreads)
    {
        const int count = 20;
        var random = new Random(vocabulary);
        float[][] logits = [.. Enumerable.Range(0, (int)RowKind.Count).Select(kind => Rows.Of((RowKind)kind, vocabulary, random))];
        int[] told = [.. Enumerable.Range(0, logits.Length).Reverse()];
        NamedId[] named = [.. told.SelectMany(row => (NamedId[])[new(row, random.Next(vocabulary)), new(row, vocabulary - 1)])];

        using var rows = new EmulatedSampling(logits);
        using GuardedBuffer<int> list = new(told), ranks = new(named.Length), ids = new(told.Length * count);
        using GuardedBuffer<NamedId> namedIds = new(named);
        using GuardedBuffer<float> norms = new(logits.Length), logprobs = new(named.Length), best = new(told.Length * count);
        EmulatedKernel kernel = EmulatedKernel.Of("logprobs.cu");
        rows.FindMaxima();
        kernel.Launch("log_sum_exp", new LogSumExpArguments(rows.Rows, list.Address, norms.Address), (told.Length, 1, 1), threads, SamplePlan.SumBytes);
        kernel.Launch("rank_ids", new RankArguments(rows.Rows, namedIds.Address, norms.Address, logprobs.Address, ranks.Address), (named.Length, 1, 1), threads, SamplePlan.SumBytes);
        kernel.Launch("likeliest", new LikeliestArguments(rows.Rows, list.Address, norms.Address, ids.Address, best.Address, count), (told.Length, 1, 1), likeliestThreads, SamplePlan.LikeliestBytes);

        for (int row = 0; row < logits.Length; row++)
        {
            float norm = LogProbabilities.LogSumExp(logits[row]);
            Assert.True(norm.Equals(norms.Span[row]) || Math.Abs(norm - norms.Span[row]) <= MathF.BitIncrement(Math.Abs(norm)) - Math.Abs(norm), $"row {row}: {norm}, {norms.Span[row]}");
        }

        for (int i = 0; i < named.Length; i++)
        {
            (int row, int id) = named[i];
            Assert.Equal(LogProbabilities.Rank(logits[row], id), ranks.Span[i]);
            Assert.Equal(logits[row][id] - norms.Span[row], logprobs.Span[i]);
        }

        for (int i = 0; i < told.Length; i++)
        {
            float[] row = logits[told[i]];
            int[] expected = new int[count];
            int found = LogProbabilities.TopK(row, expected);
            expected.AsSpan(found).Fill(-1);
            Assert.Equal(expected, ids.Span.Slice(i * count, count).ToArray());
            for (int place = 0; place < found; place++) Assert.Equal(row[expected[place]] - norms.Span[told[i]], best.Span[i * count + place]);
        }
    }
}
