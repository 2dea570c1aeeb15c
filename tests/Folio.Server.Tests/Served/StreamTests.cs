using System.Text.Json;
using System.Text.Json.Nodes;

namespace Folio.Server.Tests;

public sealed class StreamTests(ServedFixture fixture) : IClassFixture<ServedFixture>
{
    private Server Server => fixture.Server;

    [Fact]
    public async Task A_streamed_completion_joined_is_the_whole_one()
    {
        var request = new JsonObject { ["prompt"] = "The little dog", ["max_tokens"] = 20, ["temperature"] = 0, ["logprobs"] = 2, ["return_token_ids"] = true };
        Reply whole = (await Server.CompleteAsync(request.ToJsonString())).Ok();
        request["stream"] = true;
        request["stream_options"] = new JsonObject { ["include_usage"] = true };
        Reply stream = (await Server.CompleteAsync(request.ToJsonString())).Ok();
        Assert.Equal("text/event-stream; charset=utf-8", stream.Response.Content.Headers.ContentType!.ToString());

        JsonElement[] chunks = [.. stream.Events.SkipLast(1)];
        JsonElement[] choices = [.. chunks.Select(chunk => chunk.GetProperty("choices")[0])];
        Assert.Equal(whole.Completion, string.Concat(chunks.Select(CompletionTests.TextOf)));
        Assert.Equal(whole.Choice.GetProperty("finish_reason").GetString(), choices[^1].GetProperty("finish_reason").GetString());
        Assert.All(choices.SkipLast(1), choice => Assert.Equal(JsonValueKind.Null, choice.GetProperty("finish_reason").ValueKind));
        foreach (string list in new[] { "text_offset", "token_logprobs", "tokens", "top_logprobs" })
        {
            Assert.Equal(
                whole.Choice.GetProperty("logprobs").GetProperty(list).EnumerateArray().Select(item => item.ToString()),
                choices.SelectMany(choice => choice.GetProperty("logprobs").GetProperty(list).EnumerateArray()).Select(item => item.ToString()));
        }

        Assert.Equal(whole.Choice.GetProperty("token_ids").ToString(), $"[{string.Join(",", choices.SelectMany(choice => choice.GetProperty("token_ids").EnumerateArray()))}]");
        Assert.Equal(whole.Choice.GetProperty("prompt_token_ids").ToString(), choices[0].GetProperty("prompt_token_ids").ToString());
        JsonElement usage = stream.Events[^1].GetProperty("usage");
        foreach (string count in new[] { "prompt_tokens", "total_tokens", "completion_tokens" }) Assert.Equal(whole.Usage.GetProperty(count).GetInt32(), usage.GetProperty(count).GetInt32());
    }

    [Fact]
    public async Task A_streamed_chat_joined_is_the_whole_one()
    {
        var request = new JsonObject { ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Tell me a story about a dog." }), ["max_tokens"] = 20, ["temperature"] = 0, ["logprobs"] = true, ["top_logprobs"] = 2 };
        Reply whole = (await Server.ChatAsync(request.ToJsonString())).Ok();
        request["stream"] = true;
        Reply stream = (await Server.ChatAsync(request.ToJsonString())).Ok();

        JsonElement[] choices = [.. stream.Events.Select(chunk => chunk.GetProperty("choices")[0])];
        Assert.Equal("""{"role":"assistant","content":""}""", choices[0].GetProperty("delta").ToString());
        Assert.Equal(whole.Content, string.Concat(choices.Select(choice => choice.GetProperty("delta").GetProperty("content").GetString())));
        Assert.Equal(
            whole.Choice.GetProperty("logprobs").GetProperty("content").EnumerateArray().Select(item => item.ToString()),
            choices.Skip(1).SelectMany(choice => choice.GetProperty("logprobs").GetProperty("content").EnumerateArray()).Select(item => item.ToString()));
        Assert.Equal("length", choices[^1].GetProperty("finish_reason").GetString());
        Assert.StartsWith("folio-", stream.Events[^1].GetProperty("system_fingerprint").GetString());
        Assert.All(stream.Events.SkipLast(1), chunk => Assert.False(chunk.TryGetProperty("system_fingerprint", out _)));
    }

    [Theory]
    [InlineData("/v1/completions")]
    [InlineData("/v1/chat/completions")]
    public async Task Usage_comes_last_and_if_asked_with_every_event(string path)
    {
        object Request(object options) => path.Contains("chat", StringComparison.Ordinal)
            ? new { messages = new[] { new { role = "user", content = "Hello" } }, max_tokens = 5, min_tokens = 5, stream = true, stream_options = options }
            : new { prompt = "Hello", max_tokens = 5, min_tokens = 5, stream = true, stream_options = options };

        IReadOnlyList<JsonElement> last = (await Server.PostAsync(path, Request(new { include_usage = true }))).Ok().Events;
        Assert.Equal((0, 5), (last[^1].GetProperty("choices").GetArrayLength(), last[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32()));
        Assert.All(last.SkipLast(1), chunk => Assert.False(chunk.TryGetProperty("usage", out _)));

        IReadOnlyList<JsonElement> all = (await Server.PostAsync(path, Request(new { include_usage = true, continuous_usage_stats = true }))).Ok().Events;
        int[] counts = [.. all.Select(chunk => chunk.GetProperty("usage").GetProperty("completion_tokens").GetInt32())];
        Assert.Equal(counts.Order(), counts);
        Assert.Equal((5, 5), (counts[^2], counts[^1]));

        IReadOnlyList<JsonElement> none = (await Server.PostAsync(path, Request(new { continuous_usage_stats = true }))).Ok().Events;
        Assert.All(none, chunk => Assert.False(chunk.TryGetProperty("usage", out _)));
    }

    [Fact]
    public async Task Several_prompts_and_samples_interleave_and_each_ends_once()
    {
        var request = new JsonObject { ["prompt"] = new JsonArray("The dog", "A cat"), ["n"] = 2, ["seed"] = 5, ["temperature"] = 1, ["max_tokens"] = 8 };
        Reply whole = (await Server.CompleteAsync(request.ToJsonString())).Ok();
        request["stream"] = true;
        JsonElement[] choices = [.. (await Server.CompleteAsync(request.ToJsonString())).Ok().Events.Select(chunk => chunk.GetProperty("choices")[0])];
        for (int index = 0; index < 4; index++)
        {
            JsonElement[] own = [.. choices.Where(choice => choice.GetProperty("index").GetInt32() == index)];
            Assert.Equal(whole.Json.GetProperty("choices")[index].GetProperty("text").GetString(), string.Concat(own.Select(choice => choice.GetProperty("text").GetString())));
            Assert.Single(own, choice => choice.GetProperty("finish_reason").ValueKind == JsonValueKind.String);
        }
    }

    [Fact]
    public async Task A_streamed_echo_comes_with_the_first_token()
    {
        JsonElement[] events = [.. (await Server.CompleteAsync(new { prompt = "Once upon a time", echo = true, logprobs = 1, max_tokens = 3, temperature = 0, stream = true })).Ok().Events];
        Assert.StartsWith("Once upon a time", CompletionTests.TextOf(events[0]));
        Assert.True(events[0].GetProperty("choices")[0].GetProperty("logprobs").GetProperty("tokens").GetArrayLength() > 2);
        JsonElement only = Assert.Single((await Server.CompleteAsync(new { prompt = "Once upon a time", echo = true, max_tokens = 0, stream = true })).Ok().Events);
        Assert.Equal(("Once upon a time", "length"), (CompletionTests.TextOf(only), only.GetProperty("choices")[0].GetProperty("finish_reason").GetString()));
    }

    [Fact]
    public async Task A_character_of_several_tokens_is_sent_whole()
    {
        // 😀 in byte tokens: <0xF0> is id 3 + 0xF0 in a SentencePiece vocabulary.
        int[] bytes = [3 + 0xF0, 3 + 0x9F, 3 + 0x98, 3 + 0x80];
        var bias = new Dictionary<string, int>();
        foreach (int id in bytes) bias[id.ToString()] = 100;
        Reply reply = (await Server.CompleteAsync(new { prompt = "smile", max_tokens = 40, logit_bias = bias, temperature = 1, seed = 3, stream = true, return_token_ids = true })).Ok();
        string text = string.Concat(reply.Events.Select(CompletionTests.TextOf));
        int[] ids = [.. reply.Events.SelectMany(chunk => chunk.GetProperty("choices")[0].GetProperty("token_ids").EnumerateArray()).Select(id => id.GetInt32())];
        Assert.Equal((await Server.PostAsync("/detokenize", new { tokens = ids })).Ok().Json.GetProperty("prompt").GetString(), text);
    }

    [Theory]
    [InlineData("""{"prompt":"x","stream":true,"prompt_logprobs":1}""", "prompt_logprobs")]
    [InlineData("""{"prompt":"x","stream_options":{"include_usage":true}}""", "stream_options")]
    [InlineData("""{"prompt":"x","stream":true,"stream_options":{"include_usage":1}}""", "stream_options.include_usage")]
    public async Task Wishes_that_contradict_each_other_are_refused_before_the_stream_begins(string body, string parameter) => (await Server.CompleteAsync(body)).Refused(400, parameter);
}
