using System.Text.Json;
using System.Text.Json.Nodes;

namespace Folio.Server.Tests;

/// <summary>vLLM's extensions of requests that no other class here is about.</summary>
public sealed class ExtensionTests(ServedFixture fixture, DemoEngine demo) : IClassFixture<ServedFixture>
{
    private const string Story = "Once upon a time";

    private static readonly object[] s_hello = [new { role = "user", content = "Hello" }];

    private Server Server => fixture.Server;

    [Theory]
    [InlineData(1), InlineData(2), InlineData(5), InlineData(100)]
    public async Task So_many_tokens_come_in_one_event_and_the_answer_stays_the_same(int interval)
    {
        var request = new JsonObject { ["prompt"] = Story, ["max_tokens"] = 11, ["n"] = 2, ["temperature"] = 1, ["seed"] = 3, ["logprobs"] = 1, ["return_token_ids"] = true, ["ignore_eos"] = true };
        Reply whole = (await Server.CompleteAsync(request.ToJsonString())).Ok();
        (request["stream"], request["stream_interval"]) = (true, interval);
        JsonElement[] choices = [.. (await Server.CompleteAsync(request.ToJsonString())).Ok().Events.Select(chunk => chunk.GetProperty("choices")[0])];
        for (int index = 0; index < 2; index++)
        {
            JsonElement[] own = [.. choices.Where(choice => choice.GetProperty("index").GetInt32() == index)];
            JsonElement expected = whole.Json.GetProperty("choices")[index];
            Assert.Equal(expected.GetProperty("text").GetString(), string.Concat(own.Select(choice => choice.GetProperty("text").GetString())));
            foreach (string list in (string[])["tokens", "token_logprobs", "text_offset"]) Assert.Equal($"{expected.GetProperty("logprobs").GetProperty(list)}", $"[{string.Join(',', own.Select(choice => $"{choice.GetProperty("logprobs").GetProperty(list)}"[1..^1]))}]");
            int[] counts = [.. own.Select(choice => choice.GetProperty("token_ids").GetArrayLength())];
            Assert.Equal((1, 11), (counts[0], counts.Sum()));
            Assert.All(counts[1..^1], count => Assert.Equal(interval, count));
        }
    }

    [Fact]
    public async Task A_chat_in_few_events_is_the_same_chat()
    {
        var request = new JsonObject { ["messages"] = JsonNode.Parse("""[{"role":"user","content":"Tell me a story."}]"""), ["max_tokens"] = 30, ["temperature"] = 0 };
        string whole = (await Server.ChatAsync(request.ToJsonString())).Ok().Content;
        (request["stream"], request["stream_interval"]) = (true, 8);
        IReadOnlyList<JsonElement> events = (await Server.ChatAsync(request.ToJsonString())).Ok().Events;
        Assert.Equal(whole, string.Concat(events.Select(chunk => chunk.GetProperty("choices")[0].GetProperty("delta").GetProperty("content").GetString())));
        Assert.InRange(events.Count, 3, 7);
        request["stream_interval"] = 0;
        (await Server.ChatAsync(request.ToJsonString())).Refused(400, "stream_interval", "at least 1");
    }

    [Fact]
    public async Task Ids_that_are_named_have_their_logprobs_told_behind_the_likeliest()
    {
        JsonElement known = (await Server.CompleteAsync(new { prompt = Story, max_tokens = 1, temperature = 0, logprobs = 20, return_tokens_as_token_ids = true })).Ok().Choice.GetProperty("logprobs").GetProperty("top_logprobs")[0];
        JsonProperty[] likeliest = [.. known.EnumerateObject()];
        int[] ids = [.. new[] { 19, 0, 7 }.Select(rank => int.Parse(likeliest[rank].Name["token_id:".Length..]))];
        string[] expected = [likeliest[0].ToString(), likeliest[1].ToString(), likeliest[19].ToString(), likeliest[7].ToString()];

        JsonElement told = (await Server.CompleteAsync(new { prompt = Story, max_tokens = 1, temperature = 0, logprobs = 2, logprob_token_ids = ids, return_tokens_as_token_ids = true })).Ok().Choice.GetProperty("logprobs").GetProperty("top_logprobs")[0];
        Assert.Equal(expected, told.EnumerateObject().Select(entry => entry.ToString()));
        JsonElement chat = (await Server.ChatAsync(new { messages = s_hello, max_tokens = 1, logprobs = true, logprob_token_ids = ids, return_tokens_as_token_ids = true })).Ok().Choice.GetProperty("logprobs").GetProperty("content")[0].GetProperty("top_logprobs");
        Assert.Equal(ids.Select(id => $"token_id:{id}"), chat.EnumerateArray().Select(entry => entry.GetProperty("token").GetString()));
    }

    [Theory]
    [InlineData("""{"prompt":"x","logprob_token_ids":[5]}""", "logprobs isn't asked for"), InlineData("""{"prompt":"x","logprobs":1,"logprob_token_ids":[99999]}""", "99999"), InlineData("""{"prompt":"x","logprobs":1,"logprob_token_ids":[-1]}""", "-1")]
    public async Task Ids_that_cannot_be_told_of_are_refused(string body, string saying) => (await Server.CompleteAsync(body)).Refused(400, "logprob_token_ids", saying);

    [Fact]
    public async Task A_requests_own_template_is_refused_unless_the_server_trusts_it()
    {
        const string template = "{% for message in messages %}[{{ message.role }}]{{ message.content }}{% endfor %}[assistant]";
        (await Server.ChatAsync(new { messages = s_hello, max_tokens = 1, chat_template = template })).Refused(400, "chat_template", "--trust-request-chat-template");
        (await Server.PostAsync("/tokenize", new { messages = s_hello, chat_template = template })).Refused(400, "chat_template");

        await using Server trusts = await Server.StartAsync(demo.Engine, new() { TrustRequestChatTemplate = true });
        JsonElement ids = (await trusts.PostAsync("/tokenize", new { messages = s_hello, chat_template = template })).Ok().Json.GetProperty("tokens");
        Assert.Equal("[user]Hello[assistant]", (await trusts.PostTextAsync("/detokenize", $"{{\"tokens\":{ids}}}")).Ok().Json.GetProperty("prompt").GetString());
        Reply chat = (await trusts.ChatAsync(new { messages = s_hello, max_tokens = 1, chat_template = template, return_token_ids = true })).Ok();
        Assert.Equal($"{ids}", $"{chat.Json.GetProperty("prompt_token_ids")}");
        (await trusts.ChatAsync(new { messages = s_hello, chat_template = "{% fur %}" })).Refused(400, "chat_template");
        (await trusts.ChatAsync(new { messages = s_hello, chat_template = "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}" })).Refused(400, "messages", "steps");
    }
}
