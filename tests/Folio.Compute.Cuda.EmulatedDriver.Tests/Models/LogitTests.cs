namespace Folio.Compute.Cuda.EmulatedDriver.Tests.Models;

/// <summary>What is asked of a row of logits, by the backend's ops, beside the host's definitions.</summary>
public sealed class LogitTests
{
    private const int Rows = 3, Vocabulary = 300;
    private static readonly LogitPenalties Penalties = new(Repetition: 1.3f, Frequency: 0.25f, Presence: 0.5f);
    private static readonly LogitChange[] Changes = [new(7, LogitChange.Excluded, 0), new(0, LogitChange.Repeated, 0), new(299, LogitChange.Repeated | 3, 0.5f), new(31, 0, -2)];
    private static readonly ulong[] Allowed = [0xF0F0_0000_0000_0001, 0, ulong.MaxValue, 3, 1UL << 43];

    private static float[] Values => [.. Enumerable.Range(0, Rows * Vocabulary).Select(i => MathF.Sin(i * 0.7f) * 4)];

    [Theory]
    [InlineData(false), InlineData(true)]
    public void Changes_and_masks_are_the_hosts_wherever_the_row_is_and_count_for_the_draw(bool onHost)
    {
        using CudaBackend backend = CardRunner.Backend();
        Tensor logits = backend.Allocate(Rows, Vocabulary);
        backend.Write(logits, Values);
        if (onHost) backend.HostRow(logits, 1)[5] = 100;

        float[] expected = Values[Vocabulary..(2 * Vocabulary)];
        if (onHost) expected[5] = 100;
        LogitRow.Change(expected, Changes, Penalties);
        LogitRow.Mask(expected, Allowed);
        backend.Change(logits, 1, Changes, Penalties);
        backend.Mask(logits, 1, Allowed);

        int[] drawn = new int[1];
        backend.Sample(logits, [new(Row: 1, Temperature: 0, TopK: 0, TopP: 1, MinP: 0, Seed: 1, Position: 0)], drawn);
        Assert.Equal(expected.IndexOf(expected.Max()), drawn[0]);
        Assert.Equal(expected, backend.HostRow(logits, 1).ToArray());
    }

    [Fact]
    public void Rows_that_ask_before_one_draw_get_each_their_own()
    {
        using CudaBackend backend = CardRunner.Backend();
        Tensor logits = backend.Allocate(Rows, Vocabulary);
        backend.Write(logits, Values);
        float[][] expected = [.. Enumerable.Range(0, Rows).Select(row => Values[(row * Vocabulary)..((row + 1) * Vocabulary)])];
        LogitChange[] many = [.. Enumerable.Range(0, Vocabulary).Select(id => new LogitChange(id, LogitChange.Repeated, id % 7))]; // more than a block of threads
        foreach (int row in (int[])[2, 0])
        {
            LogitRow.Mask(expected[row], Allowed);
            backend.Mask(logits, row, Allowed);
            LogitChange[] changes = row == 0 ? many : Changes;
            LogitRow.Change(expected[row], changes, Penalties with { Repetition = 1 + row });
            backend.Change(logits, row, changes, Penalties with { Repetition = 1 + row });
        }

        int[] drawn = new int[Rows];
        backend.Sample(logits, [.. Enumerable.Range(0, Rows).Select(row => new SampleRequest(row, Temperature: 0, TopK: 0, TopP: 1, MinP: 0, Seed: 1, Position: 0))], drawn);
        for (int row = 0; row < Rows; row++)
        {
            Assert.Equal(expected[row].IndexOf(expected[row].Max()), drawn[row]);
            Assert.Equal(expected[row], backend.HostRow(logits, row).ToArray());
        }
    }

    [Fact]
    public void Log_probabilities_and_ranks_are_the_hosts()
    {
        using CudaBackend backend = CardRunner.Backend();
        Tensor logits = backend.Allocate(Rows, Vocabulary);
        backend.Write(logits, Values);
        LogprobRequest[] requests = [new(2, 17, 3), new(0, 299, 0)];
        TokenRank[] tokens = new TokenRank[2], likeliest = new TokenRank[2 * 3];
        backend.Logprobs(logits, requests, tokens, likeliest);
        for (int i = 0; i < requests.Length; i++)
        {
            float[] row = Values.AsSpan(requests[i].Row * Vocabulary, Vocabulary).ToArray();
            float norm = LogProbabilities.LogSumExp(row);
            int[] best = new int[3];
            LogProbabilities.TopK(row, best);
            Assert.Equal(LogProbabilities.Rank(row, requests[i].Token), tokens[i].Rank);
            Assert.Equal(row[requests[i].Token] - norm, tokens[i].Logprob, 1e-5f);
            for (int place = 0; place < 3; place++)
            {
                Assert.Equal((best[place], place + 1), (likeliest[i * 3 + place].Token, likeliest[i * 3 + place].Rank));
                Assert.Equal(row[best[place]] - norm, likeliest[i * 3 + place].Logprob, 1e-5f);
            }
        }
    }
}
