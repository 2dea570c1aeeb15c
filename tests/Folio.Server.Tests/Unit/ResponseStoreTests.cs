namespace Folio.Server.Tests;

public sealed class ResponseStoreTests
{
    /// <summary>Against a model of what is reachable: random additions behind random turns, looks and deletions.</summary>
    [Fact]
    public void It_counts_what_is_reachable_and_never_holds_more_than_it_may()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            int most = random.Next(1, 12);
            long mostBytes = random.Next(500, 20_000);
            var store = new ResponseStore(most, mostBytes);
            List<StoredResponse> all = [];
            for (int i = 0; i < 60; i++)
            {
                StoredResponse? chosen = all.Count == 0 ? null : all[random.Next(all.Count)];
                if (random.Next(4) == 0 && chosen is not null) store.Remove("a", chosen.Id);
                else if (random.Next(4) == 0 && chosen is not null) store.Find("a", chosen.Id);
                else all.Add(Add(store, $"{i}", random.Next(3) == 0 ? null : chosen?.Turn, random.Next(600)));

                StoredResponse[] kept = [.. all.Where(each => store.Find("a", each.Id) is not null)];
                var turns = new HashSet<ConversationTurn>(kept.SelectMany(each => Chain(each.Turn)));
                long bytes = kept.Sum(each => each.Json.Length) + turns.Sum(turn => turn.Bytes);
                Assert.True(store.BytesOf("a") == bytes, $"seed {seed}, step {i}: {store.BytesOf("a")} counted, {bytes} there");
                Assert.True(kept.Length <= most && bytes <= mostBytes, $"seed {seed}, step {i}");
            }
        }
    }

    [Fact]
    public void What_is_too_large_alone_takes_nobodys_room()
    {
        var store = new ResponseStore(10, 5_000);
        StoredResponse small = Add(store, "small", null, 100), large = Add(store, "large", small.Turn, 6_000);
        Assert.Null(store.Find("a", large.Id));
        Assert.NotNull(store.Find("a", small.Id));
    }

    [Fact]
    public void However_many_holders_there_are_the_room_is_bounded_and_whoever_has_most_gives()
    {
        var store = new ResponseStore(100, 3_000);
        for (int holder = 0; holder < 200; holder++)
        {
            for (int i = 0; i < (holder % 2 == 0 ? 1 : 5); i++) Add(store, $"{i}", null, 100, $"{holder}");
            Assert.True(Enumerable.Range(0, 200).Sum(each => store.BytesOf($"{each}")) < 16 * 3_001);
        }

        Assert.NotNull(store.Find("198", "0"));
    }

    [Fact]
    public void A_holder_whose_last_response_has_made_room_leaves_nothing()
    {
        var store = new ResponseStore(100, 3_000);
        for (int holder = 0; holder < 100_000; holder++) Add(store, "only", null, 1_000, $"{holder}");
        Assert.InRange(store.Holders, 10, 16 * 3_000 / 1_000);
        for (int holder = 0; holder < 100_000; holder++) store.Remove($"{holder}", "only");
        Assert.Equal(0, store.Holders);
    }

    private static StoredResponse Add(ResponseStore store, string id, ConversationTurn? before, int size, string holder = "a")
    {
        var response = new StoredResponse(id, new byte[size], new(before, new byte[size / 2], new byte[size / 3]));
        store.Add(holder, response);
        return response;
    }

    private static IEnumerable<ConversationTurn> Chain(ConversationTurn last)
    {
        for (ConversationTurn? turn = last; turn is not null; turn = turn.Before) yield return turn;
    }
}
