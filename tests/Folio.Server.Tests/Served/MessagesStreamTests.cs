using System.Text.Json;

namespace Folio.Server.Tests;

/// <summary>Streamed messages.</summary>
public sealed class MessagesStreamTests(ServedFixture fixture, DemoEngine demo) : IClassFixture<ServedFixture>
{
    private Server Server => fixture.Server;

    [Theory]
    [InlineData("")]
    [InlineData(",\"stop_sequences\":[\" the\"]")]
    [InlineData(",\"tools\":[{\"name\":\"f\",\"input_schema\":{}}]")]
    [InlineData(",\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":{\"enum\":[\"yes\",\"no\"]}}}")]
    public async Task Events_add_up_to_the_whole_message(string fields)
    {
        for (int seed = 0; seed < 5; seed++)
        {
            string body = $"{{\"max_tokens\":40,\"seed\":{seed},\"messages\":[{{\"role\":\"user\",\"content\":\"Tell me a story.\"}}]{fields}";
            Reply whole = (await Server.PostAsync("/v1/messages", $"{body}}}")).Ok(), stream = (await Server.PostAsync("/v1/messages", $"{body},\"stream\":true}}")).Ok();
            Assert.Equal("text/event-stream", stream.Response.Content.Headers.ContentType!.MediaType);
            Assert.Equal(whole.Blocks(), stream.StreamedBlocks());

            JsonElement[] events = stream.MessageEvents();
            JsonElement start = events[0].GetProperty("message"), end = events[^2];
            Assert.Equal(whole.Json.EnumerateObject().Select(field => field.Name), start.EnumerateObject().Select(field => field.Name));
            Assert.Equal((0, JsonValueKind.Null), (start.GetProperty("content").GetArrayLength(), start.GetProperty("stop_reason").ValueKind));
            foreach (string field in (string[])["stop_reason", "stop_sequence"]) Assert.Equal(whole.Json.GetProperty(field).ToString(), end.GetProperty("delta").GetProperty(field).ToString());
            Assert.Equal(Spent(whole.Usage), Spent(end.GetProperty("usage")));
            Assert.Equal(Prompt(whole.Usage), Prompt(start.GetProperty("usage")));
            Assert.Single(events, each => each.GetProperty("type").GetString() == "ping");
        }
    }

    [Fact]
    public async Task Thoughts_are_blocks_with_a_signature_and_are_told_unless_thinking_is_off()
    {
        await using Server server = await Server.StartAsync(demo.Engine, new() { ReasoningParser = "deepseek_r1" });
        const string Opened = "\"max_tokens\":12,\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"Tell me a story.\"},{\"role\":\"assistant\",\"content\":\"<think>\"}]";
        Reply whole = (await server.PostAsync("/v1/messages", $"{{{Opened}}}")).Ok();
        (string type, string text, string signature) = Assert.Single(whole.Blocks());
        Assert.Equal("thinking", type);
        Assert.True(text.Length > 0 && signature.Length > 0);
        Assert.Equal(whole.Usage.GetProperty("output_tokens").GetInt32(), whole.Usage.GetProperty("output_tokens_details").GetProperty("thinking_tokens").GetInt32());
        Assert.Equal(whole.Blocks(), (await server.PostAsync("/v1/messages", $"{{\"stream\":true,{Opened}}}")).Ok().StreamedBlocks());

        const string Omitted = "\"thinking\":{\"type\":\"adaptive\",\"display\":\"omitted\"},";
        Assert.Equal(("thinking", "", signature), Assert.Single((await server.PostAsync("/v1/messages", $"{{{Omitted}{Opened}}}")).Ok().Blocks()));
        Assert.Equal(("thinking", "", signature), Assert.Single((await server.PostAsync("/v1/messages", $"{{\"stream\":true,{Omitted}{Opened}}}")).Ok().StreamedBlocks()));
        Assert.Equal(("text", "", ""), Assert.Single((await server.PostAsync("/v1/messages", $"{{\"thinking\":{{\"type\":\"disabled\"}},{Opened}}}")).Ok().Blocks()));
    }

    [Fact]
    public async Task An_error_in_a_stream_that_has_begun_is_an_event()
    {
        await using var alone = new DemoEngine(new() { NumBlocks = 64 });
        await using Server server = await Server.StartAsync(alone.Engine, new() { RequestTimeout = TimeSpan.FromSeconds(2) });
        await server.PostAsync("/v1/messages", """{"max_tokens":1,"stream":true,"messages":[{"role":"user","content":"x"}]}"""); // or the first token might take longer than the time that it has
        using var gate = new StepGate(alone.Engine, 3);
        using HttpResponseMessage response = await server.Http.SendAsync(new(HttpMethod.Post, "/v1/messages")
        {
            Content = new StringContent("""{"max_tokens":400,"ignore_eos":true,"stream":true,"messages":[{"role":"user","content":"Tell me a story."}]}""", new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")),
        });
        string[] events = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("event: message_start\n", events[0]);
        Assert.StartsWith("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"timeout_error\"", events[^1]);
    }

    private static (int, int, int) Spent(JsonElement usage) => (Prompt(usage), usage.GetProperty("output_tokens").GetInt32(), usage.GetProperty("cache_creation_input_tokens").GetInt32());

    /// <summary>All of the prompt's tokens: how many of them were cached differs the second time.</summary>
    private static int Prompt(JsonElement usage) => usage.GetProperty("input_tokens").GetInt32() + usage.GetProperty("cache_read_input_tokens").GetInt32();
}
