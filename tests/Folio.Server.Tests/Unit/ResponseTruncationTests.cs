namespace Folio.Server.Tests;

public sealed class ResponseTruncationTests
{
    /// <summary>Turns of about the same make: the earliest cut that fits, within a few looks.</summary>
    [Fact]
    public void Even_conversations_are_cut_as_late_as_can_be_in_a_few_looks()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            int[] tokens = [.. Enumerable.Range(0, random.Next(2, 5000)).Select(_ => random.Next(20, 40))];
            (int first, int looks, int room) = Find(tokens, tokens => 10 + (4 * tokens), random, knowsWhole: true);
            Assert.InRange(looks, 1, 8);
            int left = Left(tokens, first);
            Assert.True(left <= room || first == tokens.Length - 1, $"seed {seed}");
            Assert.True(first == 0 || left + (4 * 40) > room, $"seed {seed}: {left} of {room}");
        }
    }

    [Fact]
    public void However_uneven_a_conversation_is_the_looks_are_bounded()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            int[] tokens = [.. Enumerable.Range(0, random.Next(2, 5000)).Select(_ => random.Next(10) == 0 ? random.Next(2000) : random.Next(1, 20))];
            (int first, int looks, int room) = Find(tokens, tokens => 1 + (random.Next(1, 6) * tokens), random, knowsWhole: random.Next(2) == 0);
            Assert.InRange(looks, 1, ResponseTruncation.MostLooks);
            Assert.True(Left(tokens, first) <= room || first == tokens.Length - 1, $"seed {seed}");
        }
    }

    [Fact]
    public void Nobody_looks_on_when_nobody_waits()
    {
        using var gone = new CancellationTokenSource();
        int looks = 0;
        var truncation = new ResponseTruncation([.. Enumerable.Range(0, 1000).Select(index => new ConversationCut(index, 1000 - index))], 5, _ =>
        {
            looks++;
            gone.Cancel();
            return null;
        });
        Assert.Throws<OperationCanceledException>(() => truncation.Find(null, gone.Token));
        Assert.Equal(1, looks);
    }

    private static (int First, int Looks, int Room) Find(int[] tokens, Func<int, int> bytes, Random random, bool knowsWhole)
    {
        int whole = tokens.Sum(), room = random.Next(1, whole), looks = 0;
        var cuts = new ConversationCut[tokens.Length];
        long kept = 0;
        for (int i = tokens.Length - 1; i >= 0; i--) cuts[i] = new(i, kept += bytes(tokens[i]));
        int first = new ResponseTruncation(cuts, room, first =>
        {
            looks++;
            int left = Left(tokens, first);
            return left > 8 * room ? null : left; // what can't fit isn't counted
        }).Find(knowsWhole ? whole : null, CancellationToken.None);
        return (first, looks, room);
    }

    private static int Left(int[] tokens, int first) => tokens[first..].Sum();
}
