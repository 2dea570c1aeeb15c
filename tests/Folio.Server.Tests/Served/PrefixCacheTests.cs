using System.Text.RegularExpressions;

namespace Folio.Server.Tests;

/// <summary>Prompts that begin alike: what is found again, and by whom. Every prompt here is one that no other test sends.</summary>
public sealed class PrefixCacheTests(DemoEngine demo, ServedFixture fixture) : IClassFixture<ServedFixture>
{
    private const int BlockSize = 16;

    private static int _prompts;

    private Server Server => fixture.Server;

    [Theory]
    [InlineData(15)]
    [InlineData(32)] // the last token is computed again, and with it its block
    [InlineData(33)]
    [InlineData(100)]
    public async Task The_second_of_two_equal_requests_finds_all_full_blocks_before_its_last_token(int length)
    {
        int[] prompt = NewPrompt(length);
        Reply cold = (await Server.CompleteAsync(new { prompt, max_tokens = 3, temperature = 0 })).Ok(), warm = (await Server.CompleteAsync(new { prompt, max_tokens = 3, temperature = 0 })).Ok();
        Assert.Equal((0, (length - 1) / BlockSize * BlockSize), (cold.Cached, warm.Cached));
        Assert.Equal(cold.Completion, warm.Completion);
        Assert.Equal(length, warm.Usage.GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task A_salt_separates_and_an_equal_salt_does_not()
    {
        int[] prompt = NewPrompt(40);
        foreach (int expected in new[] { 0, 32 })
        {
            foreach (string? salt in new[] { null, "one", "two" }) Assert.Equal(expected, await Cached(salt));
        }

        async Task<int> Cached(string? salt) => (await Server.CompleteAsync(new { prompt, max_tokens = 1, cache_salt = salt })).Ok().Cached;
    }

    [Fact]
    public async Task Streams_and_chats_and_several_prompts_tell_it_too()
    {
        int[] one = NewPrompt(20), two = NewPrompt(50);
        (await Server.CompleteAsync(new { prompt = new[] { one, two }, max_tokens = 1 })).Ok();
        Assert.Equal(16 + 48, (await Server.CompleteAsync(new { prompt = new[] { one, two }, max_tokens = 1 })).Ok().Cached);
        Assert.Equal(16 + 48, InStream(await Server.CompleteAsync(new { prompt = new[] { one, two }, max_tokens = 1, stream = true, stream_options = new { include_usage = true } })));

        object[] messages = [new { role = "user", content = $"Tell me a long story about prompt number {_prompts} that nobody else asks for, in many words." }];
        Reply cold = (await Server.ChatAsync(new { messages, max_tokens = 1 })).Ok();
        int expected = (cold.Usage.GetProperty("prompt_tokens").GetInt32() - 1) / BlockSize * BlockSize;
        Assert.True(expected > 0);
        Assert.Equal(expected, (await Server.ChatAsync(new { messages, max_tokens = 1 })).Ok().Cached);
        Assert.Equal(expected, InStream(await Server.ChatAsync(new { messages, max_tokens = 1, stream = true, stream_options = new { include_usage = true } })));

        static int InStream(Reply reply) => reply.Ok().Events[^1].GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Keys_share_cached_prompts_only_where_the_server_is_told_so(bool share)
    {
        int[] prompt = NewPrompt(40);
        await using Server server = await Server.StartAsync(demo.Engine, new() { ApiKeys = ["first", "second"], SharePrefixCache = share });
        Assert.Equal(0, await CachedFor("first"));
        Assert.Equal(32, await CachedFor("first"));
        Assert.Equal(share ? 32 : 0, await CachedFor("second"));
        Assert.Equal(32, await CachedFor("second"));

        async Task<int> CachedFor(string key) => (await server.As(key).CompleteAsync(new { prompt, max_tokens = 1 })).Ok().Cached;
    }

    [Fact]
    public async Task Prompt_logprobs_are_the_same_cold_and_warm()
    {
        int[] prompt = NewPrompt(40);
        var request = new { prompt, max_tokens = 1, temperature = 0, prompt_logprobs = 1 };
        Reply cold = (await Server.CompleteAsync(request)).Ok(), warm = (await Server.CompleteAsync(request)).Ok();
        Assert.Equal(cold.Choice.GetProperty("prompt_logprobs").ToString(), warm.Choice.GetProperty("prompt_logprobs").ToString());
    }

    [Fact]
    public async Task A_reset_forgets_what_was_cached_and_keeps_what_is_pinned()
    {
        await using var alone = new DemoEngine();
        await using Server server = await Server.StartAsync(alone.Engine);
        int[] pinned = NewPrompt(40), cached = NewPrompt(40);
        Reply pin = (await server.PostAsync("/v1/prefixes", new { prompt = pinned, id = "mine" })).Ok();
        Assert.Equal("""{"id":"mine","object":"prefix","tokens":32}""", pin.Text);
        (await server.CompleteAsync(new { prompt = cached, max_tokens = 1 })).Ok();
        Assert.Equal(32, (await server.CompleteAsync(new { prompt = cached, max_tokens = 1 })).Ok().Cached);

        Assert.Equal("""{"success":true}""", (await server.PostAsync("/reset_prefix_cache", "")).Ok().Text);
        Assert.Equal(0, (await server.CompleteAsync(new { prompt = cached, max_tokens = 1 })).Ok().Cached);
        Assert.Equal(32, (await server.CompleteAsync(new { prompt = pinned, max_tokens = 1 })).Ok().Cached);

        (await server.DeleteAsync("/v1/prefixes/mine")).Ok();
        (await server.PostAsync("/reset_prefix_cache", "")).Ok();
        Assert.Equal(0, (await server.CompleteAsync(new { prompt = pinned, max_tokens = 1 })).Ok().Cached);
    }

    [Fact]
    public async Task A_pinned_system_prompt_is_found_by_every_chat_that_begins_with_it()
    {
        const string System = "You tell stories for small children. Every story has a dog, every dog has a ball, and every ball is lost and found again.";
        await using var alone = new DemoEngine();
        await using Server server = await Server.StartAsync(alone.Engine);
        var system = new { role = "system", content = System };
        Reply pin = (await server.PostAsync("/v1/prefixes", new { messages = new[] { system } })).Ok();
        string id = pin.Json.GetProperty("id").GetString()!;
        int tokens = pin.Json.GetProperty("tokens").GetInt32();
        Assert.True(tokens >= 2 * BlockSize);
        Assert.Equal(pin.Text, (await server.GetAsync("/v1/prefixes")).Ok().Json.GetProperty("data")[0].ToString());
        Assert.Equal(tokens, (await PinnedPrompts.PinSystemPromptAsync(alone.Engine, "the same from a file", System)).Tokens);

        foreach (string? salt in new[] { null, "one", "two" })
        {
            Reply chat = (await server.ChatAsync(new { messages = new[] { system, new { role = "user", content = $"Begin, {salt}!" } }, max_tokens = 1, cache_salt = salt })).Ok();
            Assert.Equal(tokens, chat.Cached);
        }

        Reply other = (await server.ChatAsync(new { messages = new[] { new { role = "system", content = "Be brief." }, new { role = "user", content = "Begin!" } }, max_tokens = 1 })).Ok();
        Assert.Equal(0, other.Cached);
        Assert.Equal($$"""{"id":"{{id}}","object":"prefix","deleted":true}""", (await server.DeleteAsync($"/v1/prefixes/{id}")).Ok().Text);
        (await server.DeleteAsync($"/v1/prefixes/{id}")).Refused(404, "id", id);
    }

    [Fact]
    public async Task The_documents_example_works()
    {
        string document = File.ReadAllText(Path.Combine(TestData.Repository, "docs", "server.md"));
        string body = Regex.Match(document, @"/v1/prefixes .*\\\n\s*-d '(?<body>[^']+)'").Groups["body"].Value;
        Assert.True((await Server.PostAsync("/v1/prefixes", body)).Ok().Json.GetProperty("tokens").GetInt32() >= BlockSize);
        (await Server.DeleteAsync("/v1/prefixes/stories")).Ok();
    }

    [Theory]
    [InlineData("""{}""", "prompt", "either")]
    [InlineData("""{"prompt":"x","messages":[{"role":"user","content":"x"}]}""", "prompt", "either")]
    [InlineData("""{"prompt":"short"}""", "prompt", "shorter than a block of 16")]
    [InlineData("""{"messages":[{"role":"system","content":""}]}""", "messages", "shorter than a block of 16")]
    [InlineData("""{"prompt":["one","two"]}""", "prompt", "2 prompts")]
    [InlineData("""{"prompt":[99999]}""", "prompt", "99999")]
    [InlineData("""{"messages":[]}""", "messages", "at least one")]
    [InlineData("""{"prompt":"x","id":""}""", "id", "128")]
    [InlineData("""{"prompt":"x","id":7}""", "id", "a string")]
    [InlineData("""{"prompt":"x","id":"a/b"}""", "id", "the last part of a path")]
    [InlineData("""{"prompt":"x","id":"."}""", "id", "the last part of a path")]
    [InlineData("""{"prompt":"x","id":".."}""", "id", "the last part of a path")]
    [InlineData("""{"prompt":"x","max_tokens":7}""", "max_tokens", "Unrecognized")]
    [InlineData("""{"model":"nope","prompt":"x"}""", "model", "nope")]
    public async Task What_cannot_be_pinned_is_refused_with_the_field_and_the_reason(string body, string parameter, string saying)
    {
        Reply reply = await Server.PostAsync("/v1/prefixes", body);
        reply.Refused(parameter == "model" ? 404 : 400, parameter, saying);
    }

    [Fact]
    public async Task Pins_that_would_leave_no_room_for_requests_are_refused_and_other_methods_are_not_allowed()
    {
        await using var small = new DemoEngine(new() { NumBlocks = 8, MaxModelLen = 128 });
        await using Server server = await Server.StartAsync(small.Engine);
        (await server.PostAsync("/v1/prefixes", new { prompt = NewPrompt(128) })).Refused(400, "prompt", "too little");
        (await server.CompleteAsync(new { prompt = NewPrompt(20), max_tokens = 2 })).Ok();
        (await server.DeleteAsync("/v1/prefixes")).Refused(405);
        (await server.GetAsync("/reset_prefix_cache")).Refused(405);
    }

    [Fact]
    public async Task Without_a_prefix_cache_nothing_is_found_and_nothing_can_be_pinned()
    {
        await using var plain = new DemoEngine(new() { NumBlocks = 64, EnablePrefixCaching = false });
        await using Server server = await Server.StartAsync(plain.Engine);
        int[] prompt = NewPrompt(40);
        for (int i = 0; i < 2; i++) Assert.Equal(0, (await server.CompleteAsync(new { prompt, max_tokens = 1 })).Ok().Cached);
        (await server.PostAsync("/v1/prefixes", new { prompt })).Refused(400, saying: "prefix caching is off");
        (await server.PostAsync("/reset_prefix_cache", "")).Ok();
    }

    /// <summary>Ids that no other prompt begins with.</summary>
    internal static int[] NewPrompt(int length)
    {
        int number = Interlocked.Increment(ref _prompts);
        return [.. Enumerable.Range(0, length).Select(i => 300 + (((number * 131) + (i * i * 7)) % 7000))];
    }
}
