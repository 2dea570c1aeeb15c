using System.Text.Json;
using System.Text.Json.Nodes;

namespace Folio.Server.Tests;

/// <summary>POST /v1/messages and its count_tokens.</summary>
public sealed class MessagesTests(ServedFixture fixture, DemoEngine demo) : IClassFixture<ServedFixture>
{
    private static readonly object[] Story = [new { role = "user", content = "Tell me a story about a dog." }];

    private Server Server => fixture.Server;

    [Fact]
    public async Task A_message_has_Anthropics_fields()
    {
        Reply reply = await CreateAsync(new { model = "demo-alias", max_tokens = 12, temperature = 0, messages = Story });
        Assert.Equal(["id", "type", "role", "content", "model", "stop_reason", "stop_sequence", "stop_details", "container", "diagnostics", "usage"], reply.Json.EnumerateObject().Select(field => field.Name));
        Assert.Matches("^msg_[0-9a-f]{16}$", reply.Json.GetProperty("id").GetString());
        Assert.Equal(("message", "assistant", "demo-alias", "max_tokens"), (Text(reply, "type"), Text(reply, "role"), Text(reply, "model"), Text(reply, "stop_reason")));
        Assert.Equal("text", Assert.Single(reply.Blocks()).Type);
        Assert.Equal(12, reply.Usage.GetProperty("output_tokens").GetInt32());
        Assert.Matches("^req_", reply.Response.Headers.GetValues("request-id").Single());
    }

    [Fact]
    public async Task It_is_the_chat_that_it_asks_for()
    {
        Reply message = await CreateAsync(new { system = "You tell stories.", max_tokens = 20, temperature = 0, messages = Story });
        Reply chat = (await Server.ChatAsync(new { max_tokens = 20, temperature = 0, messages = (object[])[new { role = "system", content = "You tell stories." }, .. Story] })).Ok();
        Assert.Equal(chat.Content, message.Blocks()[0].Text);
        Assert.Equal(chat.Usage.GetProperty("prompt_tokens").GetInt32(), InputOf(message));
    }

    [Theory]
    [InlineData(400), InlineData(4000)]
    public async Task More_than_the_cache_has_room_for_beside_what_is_pinned_ends_where_the_cache_does(int maxTokens)
    {
        await using var small = new DemoEngine(new() { NumBlocks = 32 });
        await using Server server = await Server.StartAsync(small.Engine);
        (await server.PostAsync("/v1/prefixes", new { prompt = Enumerable.Repeat(5, 16 * small.Engine.Plan.BlockSize) })).Ok();
        Reply reply = (await server.PostAsync("/v1/messages", new { max_tokens = maxTokens, ignore_eos = true, messages = Story })).Ok();
        Assert.Equal("model_context_window_exceeded", Text(reply, "stop_reason"));
        Assert.Equal(16 * small.Engine.Plan.BlockSize + 1, InputOf(reply) + reply.Usage.GetProperty("output_tokens").GetInt32());
    }

    [Fact]
    public async Task A_stop_sequence_is_told()
    {
        Reply free = await CreateAsync(new { max_tokens = 30, temperature = 0, messages = Story });
        string word = free.Blocks()[0].Text.Split(' ')[4];
        Reply cut = await CreateAsync(new { max_tokens = 30, temperature = 0, messages = Story, stop_sequences = new[] { "never said", word } });
        Assert.Equal(("stop_sequence", word), (Text(cut, "stop_reason"), Text(cut, "stop_sequence")));
        Assert.Equal(free.Blocks()[0].Text[..free.Blocks()[0].Text.IndexOf(word, StringComparison.Ordinal)], cut.Blocks()[0].Text);
    }

    [Fact]
    public async Task The_beginning_of_an_answer_is_continued_and_not_repeated()
    {
        Reply reply = await CreateAsync(new { max_tokens = 12, temperature = 0, messages = (object[])[.. Story, new { role = "assistant", content = "Once upon a time, there was a" }] });
        Reply chat = (await Server.ChatAsync(new { max_tokens = 12, temperature = 0, continue_final_message = true, messages = (object[])[.. Story, new { role = "assistant", content = "Once upon a time, there was a" }] })).Ok();
        Assert.Equal(chat.Content, reply.Blocks()[0].Text);
    }

    [Fact]
    public async Task Input_is_what_was_computed_and_cache_read_is_what_was_found()
    {
        object[] messages = [new { role = "user", content = "Tell me a story about a message that is sent twice, word for word, and is answered sooner the second time." }];
        Reply first = await CreateAsync(new { max_tokens = 2, messages }), second = await CreateAsync(new { max_tokens = 2, messages });
        Assert.Equal(InputOf(first), InputOf(second));
        Assert.Equal((0, (InputOf(first) - 1) / 16 * 16), (Count(first, "cache_read_input_tokens"), Count(second, "cache_read_input_tokens")));
        Assert.Equal(InputOf(first) - Count(second, "cache_read_input_tokens"), Count(second, "input_tokens"));
    }

    [Fact]
    public async Task Tokens_are_counted_as_they_will_be_read()
    {
        var tools = new[] { new { name = "f", description = "d", input_schema = new { type = "object" } } };
        foreach (object choice in new[] { new { type = "auto" }, new { type = "none" } })
        {
            Reply count = (await Server.PostAsync("/v1/messages/count_tokens", new { system = "s", messages = Story, tools, tool_choice = choice })).Ok();
            Assert.Equal(InputOf(await CreateAsync(new { system = "s", max_tokens = 1, messages = Story, tools, tool_choice = choice })), count.Json.GetProperty("input_tokens").GetInt32());
        }
    }

    [Fact]
    public async Task No_tokens_at_most_caches_the_prompt_and_answers_nothing()
    {
        object[] messages = [new { role = "user", content = "Tell me a story about a prompt that is cached before anybody wants to know what comes after it." }];
        Reply reply = await CreateAsync(new { max_tokens = 0, messages });
        Assert.Equal(("max_tokens", 0, 0), (Text(reply, "stop_reason"), reply.Blocks().Count, Count(reply, "output_tokens")));
        Assert.Empty((await Server.PostAsync("/v1/messages", new { max_tokens = 0, messages, stream = true })).Ok().StreamedBlocks());
        Assert.True(Count(await CreateAsync(new { max_tokens = 1, messages }), "cache_read_input_tokens") > 0);
    }

    [Fact]
    public async Task An_answer_that_may_be_longer_than_the_context_ends_where_that_does()
    {
        Reply reply = await CreateAsync(new { max_tokens = 32000, temperature = 0, ignore_eos = true, messages = Story });
        Assert.Equal("model_context_window_exceeded", Text(reply, "stop_reason"));
        Assert.Equal(InputOf(reply) + Count(reply, "output_tokens"), demo.Engine.Model.MaxModelLen);
    }

    [Theory]
    [InlineData("""{"type":"any"}""")]
    [InlineData("""{"type":"any","disable_parallel_tool_use":true}""")]
    [InlineData("""{"type":"tool","name":"get_weather"}""")]
    public async Task Forced_calls_have_input_that_obeys_and_stream_as_they_are(string choice)
    {
        for (int seed = 0; seed < 6; seed++)
        {
            JsonObject body = WithTools(choice);
            body["seed"] = seed;
            Reply whole = await CreateAsync(body.ToJsonString());
            bool isCut = Text(whole, "stop_reason") == "max_tokens";
            if (!isCut) Assert.Equal("tool_use", Text(whole, "stop_reason"));
            if (choice.Contains("true", StringComparison.Ordinal)) Assert.Single(whole.Blocks());
            Assert.All(whole.Json.GetProperty("content").EnumerateArray(), block => Assert.Matches("^toolu_[0-9A-Za-z]{24}$", block.GetProperty("id").GetString()));
            foreach ((string type, string input, string name) in isCut ? whole.Blocks().SkipLast(1) : whole.Blocks())
            {
                Assert.Equal("tool_use", type);
                if (name == "get_weather") Assert.True(JsonElement.Parse(input).GetProperty("city").GetString()!.EnumerateRunes().Count() <= 12);
            }

            body["stream"] = true;
            List<(string Type, string Text, string More)> streamed = (await Server.PostAsync("/v1/messages", body.ToJsonString())).Ok().StreamedBlocks();
            Assert.Equal(whole.Blocks().SkipLast(isCut ? 1 : 0), streamed.SkipLast(isCut ? 1 : 0));
        }
    }

    [Fact]
    public async Task A_call_that_is_cut_off_has_what_was_whole_of_its_input()
    {
        for (int tokens = 1; tokens < 30; tokens += 4)
        {
            JsonObject body = WithTools("""{"type":"any"}""");
            body["max_tokens"] = tokens;
            Reply reply = await CreateAsync(body.ToJsonString());
            Assert.Equal("max_tokens", Text(reply, "stop_reason"));
            Assert.All(reply.Blocks(), block => Assert.True(block is ("text", "", "") || (block.Type == "tool_use" && JsonElement.Parse(block.Text).ValueKind == JsonValueKind.Object)));
        }
    }

    [Fact]
    public async Task Results_of_calls_are_read()
    {
        object[] messages =
        [
            new { role = "user", content = "Weather?" },
            new { role = "assistant", content = new[] { new { type = "tool_use", id = "t1", name = "get_weather", input = new { city = "Bern" } } } },
            new { role = "user", content = new[] { new { type = "tool_result", tool_use_id = "t1", content = "Sunny" } } },
        ];
        Assert.True(InputOf(await CreateAsync(new { max_tokens = 1, messages })) > InputOf(await CreateAsync(new { max_tokens = 1, messages = messages[..1] })) + 20);
    }

    [Theory]
    [InlineData("output_config")]
    [InlineData("output_format")]
    public async Task An_answer_obeys_its_schema(string field)
    {
        string format = """{"type":"json_schema","schema":{"type":"object","properties":{"color":{"enum":["red","green"]}},"required":["color"],"additionalProperties":false}}""";
        string wanted = field == "output_config" ? $$"""{"format":{{format}}}""" : format;
        for (int seed = 0; seed < 4; seed++)
        {
            Reply reply = await CreateAsync($$"""{"max_tokens":300,"seed":{{seed}},"messages":[{"role":"user","content":"hi"}],"{{field}}":{{wanted}}}""");
            Assert.Contains(JsonElement.Parse(reply.Blocks()[0].Text).GetProperty("color").GetString(), (string[])["red", "green"]);
        }
    }

    [Theory]
    [InlineData("""{"max_tokens":5}""", "messages is missing")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}]}""", "max_tokens is missing")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"max_tokens":-1}""", "max_tokens must be at least 0")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"max_tokens":5,"temperature":-1}""", "temperature")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"max_tokens":5,"stop_sequences":["a","b","c","d","e"]}""", "stop_sequences has 5 strings")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"max_tokens":5,"stop_sequences":[""]}""", "stop_sequences cannot contain")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"max_tokens":5,"container":"c"}""", "container isn't supported")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"max_tokens":5,"logprobs":true}""", "Unrecognized request argument supplied: logprobs")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"max_tokens":5,"tools":[{"name":"no spaces","input_schema":{}}]}""", "tools[0].name must have")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"max_tokens":5,"tools":[{"name":"f","input_schema":{"type":"string"}}],"tool_choice":{"type":"any"}}""", "tools[0].input_schema.type must be")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"max_tokens":5,"tools":[{"name":"f","input_schema":{"properties":{"a":{"type":"banana"}}}}],"tool_choice":{"type":"any"}}""", "tools[0].input_schema: ")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"max_tokens":5,"output_config":{"format":{"type":"json_schema","schema":{"type":"banana"}}}}""", "output_config.format: ")]
    [InlineData("""nothing""", "isn't valid JSON")]
    public async Task What_cannot_be_done_is_refused_in_Anthropics_words(string body, string saying)
    {
        (await Server.PostAsync("/v1/messages", body)).RefusedAsAnthropic(400, "invalid_request_error", saying);
        if (body.Contains("\"max_tokens\":5,\"temp", StringComparison.Ordinal)) (await Server.PostAsync("/v1/messages", body[..^1] + ",\"stream\":true}")).RefusedAsAnthropic(400, "invalid_request_error", saying);
    }

    [Fact]
    public async Task What_is_not_here_is_not_found()
    {
        (await Server.PostAsync("/v1/messages", new { model = "nope", max_tokens = 1, messages = Story })).RefusedAsAnthropic(404, "not_found_error", "`nope` does not exist");
        (await Server.GetAsync("/v1/messages")).RefusedAsAnthropic(405, "invalid_request_error");
        (await Server.PostAsync("/v1/messages", new { max_tokens = 1, messages = new[] { new { role = "user", content = string.Concat(Enumerable.Repeat("word ", 3000)) } } })).RefusedAsAnthropic(400, "invalid_request_error", "context length");
    }

    private static JsonObject WithTools(string choice) => new()
    {
        ["messages"] = JsonNode.Parse("""[{"role":"user","content":"What is the weather in Bern?"}]"""),
        ["tools"] = JsonNode.Parse(
            """
            [{"name":"get_weather","input_schema":{"type":"object","properties":{"city":{"type":"string","maxLength":12},"days":{"type":"integer","minimum":1,"maximum":9}},"required":["city"]}},
             {"name":"now","description":"The time.","input_schema":{"type":"object"}}]
            """),
        ["tool_choice"] = JsonNode.Parse(choice),
        ["max_tokens"] = 120,
        ["temperature"] = 1,
    };

    private async Task<Reply> CreateAsync(object body) => (await Server.PostAsync("/v1/messages", body)).Ok();

    private static string Text(Reply reply, string field) => reply.Json.GetProperty(field).GetString()!;

    private static int Count(Reply reply, string field) => reply.Usage.GetProperty(field).GetInt32();

    /// <summary>All of the prompt's tokens.</summary>
    private static int InputOf(Reply reply) => Count(reply, "input_tokens") + Count(reply, "cache_read_input_tokens") + Count(reply, "cache_creation_input_tokens");
}
