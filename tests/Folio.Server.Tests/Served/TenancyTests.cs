using Folio.Engine;

namespace Folio.Server.Tests;

/// <summary>Two keys on one server: what one pins, the other neither finds nor sees nor takes away.</summary>
public sealed class TenancyTests(DemoEngine demo)
{
    private static readonly ServerOptions TwoKeys = new() { ApiKeys = ["first", "second"] };

    [Fact]
    public async Task What_one_key_pins_no_other_finds()
    {
        await using Server server = await Server.StartAsync(demo.Engine, TwoKeys);
        int[] prompt = PrefixCacheTests.NewPrompt(40);
        (await server.As("first").PostAsync("/v1/prefixes", new { prompt, id = "firsts" })).Ok();
        Assert.Equal(0, await CachedAsync(server.As("second"), prompt));
        Assert.Equal(32, await CachedAsync(server.As("first"), prompt));
        Assert.Equal(32, await CachedAsync(server.As("second"), prompt)); // its own by now
        (await server.As("first").DeleteAsync("/v1/prefixes/firsts")).Ok(); // the engine is other tests' too, and they list what is pinned
    }

    [Fact]
    public async Task What_one_key_pins_no_other_sees_or_deletes()
    {
        await using Server server = await Server.StartAsync(demo.Engine, TwoKeys);
        (await server.As("first").PostAsync("/v1/prefixes", new { prompt = PrefixCacheTests.NewPrompt(40), id = "seen" })).Ok();
        Assert.Empty(await IdsAsync(server.As("second")));
        string anothers = (await server.DeleteAsync("/v1/prefixes/seen")).Refused(404, "id", "seen").Text, nobodys = (await server.DeleteAsync("/v1/prefixes/none")).Refused(404).Text;
        Assert.Equal(nobodys.Replace("none", "seen"), anothers);
        Assert.Equal(["seen"], await IdsAsync(server.As("first")));
        (await server.DeleteAsync("/v1/prefixes/seen")).Ok();
        Assert.Empty(await IdsAsync(server));
    }

    [Fact]
    public async Task Two_keys_may_use_one_name_and_neither_replaces_the_others()
    {
        await using Server server = await Server.StartAsync(demo.Engine, TwoKeys);
        int[] ofFirst = PrefixCacheTests.NewPrompt(40), ofSecond = PrefixCacheTests.NewPrompt(56);
        (await server.As("first").PostAsync("/v1/prefixes", new { prompt = ofFirst, id = "same" })).Ok();
        (await server.As("second").PostAsync("/v1/prefixes", new { prompt = ofSecond, id = "same" })).Ok();
        Assert.Equal(48, await CachedAsync(server, ofSecond));
        (await server.DeleteAsync("/v1/prefixes/same")).Ok();
        Assert.Equal(["same"], await IdsAsync(server.As("first")));
        Assert.Equal(32, await CachedAsync(server, ofFirst));
        (await server.DeleteAsync("/v1/prefixes/same")).Ok();
    }

    [Fact]
    public async Task A_pin_with_a_salt_is_found_by_requests_of_that_key_and_salt_alone()
    {
        await using Server server = await Server.StartAsync(demo.Engine, TwoKeys);
        int[] prompt = PrefixCacheTests.NewPrompt(40);
        (await server.As("first").PostAsync("/v1/prefixes", new { prompt, id = "salted", cache_salt = "one" })).Ok();
        Assert.Equal(32, await CachedAsync(server, prompt, "one"));
        Assert.Equal(0, await CachedAsync(server, prompt, "two"));
        Assert.Equal(0, await CachedAsync(server, prompt));
        Assert.Equal(0, await CachedAsync(server.As("second"), prompt, "one"));
        (await server.As("first").DeleteAsync("/v1/prefixes/salted")).Ok(); // a name is the key's, whatever the salt
        (await server.PostAsync("/v1/prefixes", new { prompt, cache_salt = "" })).Refused(400, "cache_salt");
    }

    [Fact]
    public async Task What_is_pinned_at_start_is_found_by_every_key_and_salt_and_no_key_can_touch_it()
    {
        await using var alone = new DemoEngine();
        int[] prompt = PrefixCacheTests.NewPrompt(40), other = PrefixCacheTests.NewPrompt(40);
        await alone.Engine.PinAsync(prompt, "start");
        await using Server server = await Server.StartAsync(alone.Engine, TwoKeys);
        foreach (string key in TwoKeys.ApiKeys)
        {
            foreach (string? salt in new[] { null, "salt" }) Assert.Equal(32, await CachedAsync(server.As(key), prompt, salt));
            Assert.Empty(await IdsAsync(server));
            (await server.DeleteAsync("/v1/prefixes/start")).Refused(404);
            (await server.PostAsync("/v1/prefixes", new { prompt = other, id = "start" })).Ok();
            (await server.DeleteAsync("/v1/prefixes/start")).Ok();
        }

        Assert.Equal(new PinnedPrefix("start", 32), Assert.Single(alone.Engine.PinnedPrefixes));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_the_cache_is_everybodys_so_are_the_pins(bool keys)
    {
        await using var alone = new DemoEngine();
        int[] start = PrefixCacheTests.NewPrompt(40), prompt = PrefixCacheTests.NewPrompt(40);
        await alone.Engine.PinAsync(start, "start");
        await using Server server = await Server.StartAsync(alone.Engine, keys ? TwoKeys with { SharePrefixCache = true } : new());
        (await server.As("first").PostAsync("/v1/prefixes", new { prompt, id = "later" })).Ok();
        Assert.Equal(["start", "later"], await IdsAsync(server.As("second")));
        foreach (string? salt in new[] { null, "salt" }) Assert.Equal(32, await CachedAsync(server, prompt, salt));
        foreach (string id in new[] { "start", "later" }) (await server.DeleteAsync($"/v1/prefixes/{id}")).Ok();
        (await server.PostAsync("/reset_prefix_cache", "")).Ok();
        Assert.Equal(0, await CachedAsync(server, prompt));
    }

    [Theory]
    [InlineData(false, false, 200, "only")]
    [InlineData(false, false, 200, "only", "only")]
    [InlineData(true, false, 403, "only", "other")]
    [InlineData(false, true, 200, "only", "other")]
    public async Task A_reset_is_refused_where_it_would_take_away_what_another_key_has_cached(bool kept, bool share, int status, params string[] keys)
    {
        await using var alone = new DemoEngine();
        await using Server server = await Server.StartAsync(alone.Engine, new() { ApiKeys = keys, SharePrefixCache = share });
        int[] prompt = PrefixCacheTests.NewPrompt(40);
        Assert.Equal(0, await CachedAsync(server.As(keys[^1]), prompt));
        Reply reply = await server.As("only").PostAsync("/reset_prefix_cache", "");
        if (status == 200) reply.Ok();
        else reply.Refused(status, saying: "--share-prefix-cache");
        Assert.Equal(kept ? 32 : 0, await CachedAsync(server.As(keys[^1]), prompt));
    }

    [Fact]
    public async Task Who_waits_for_a_pin_that_is_deleted_before_it_is_computed_is_told()
    {
        await using var alone = new DemoEngine();
        await using Server server = await Server.StartAsync(alone.Engine);
        Task<Reply>? pin = null;
        bool deleted = false;
        for (int i = 0; i < 100 && !deleted; i++) // most arrive in time
        {
            pin = server.PostAsync("/v1/prefixes", new { prompt = PrefixCacheTests.NewPrompt(500), id = "late" });
            while (!deleted && !pin.IsCompleted) deleted = (await server.DeleteAsync("/v1/prefixes/late")).Status == 200;
        }

        (await pin!).Refused(409, saying: "'late' was unpinned");
    }

    private static async Task<int> CachedAsync(Server server, int[] prompt, string? salt = null) => (await server.CompleteAsync(new { prompt, max_tokens = 1, cache_salt = salt })).Ok().Cached;

    private static async Task<string[]> IdsAsync(Server server) =>
        [.. (await server.GetAsync("/v1/prefixes")).Ok().Json.GetProperty("data").EnumerateArray().Select(card => card.GetProperty("id").GetString()!)];
}
