using System.Text.Json;
using System.Text.Json.Nodes;

namespace Folio.Server.Tests;

public sealed class ToolTests(ServedFixture fixture) : IClassFixture<ServedFixture>
{
    /// <summary>What get_weather takes, where it must be called.</summary>
    internal const string Weather = """{"type":"object","properties":{"city":{"type":"string","maxLength":12},"days":{"type":"integer","minimum":1,"maximum":9}},"required":["city"]}""";

    private static readonly object[] Hello = [new { role = "user", content = "Hello" }];

    private static readonly object[] Tools =
        [new { type = "function", function = new { name = "get_weather", description = "w", parameters = new { type = "object", properties = new { city = new { type = "string" } }, required = new[] { "city" } } } }];

    private Server Server => fixture.Server;

    [Fact]
    public async Task A_model_that_calls_nothing_answers_with_text_streamed_and_not()
    {
        Reply whole = (await Server.ChatAsync(new { messages = Hello, tools = Tools, temperature = 0, max_tokens = 24 })).Ok();
        Assert.False(whole.Choice.GetProperty("message").TryGetProperty("tool_calls", out _));
        Assert.NotEmpty(whole.Content);
        Assert.NotEqual("tool_calls", whole.Choice.GetProperty("finish_reason").GetString());

        Reply stream = (await Server.ChatAsync(new { messages = Hello, tools = Tools, temperature = 0, max_tokens = 24, stream = true, logprobs = true })).Ok();
        JsonElement[] choices = [.. stream.Events.Select(chunk => chunk.GetProperty("choices")[0])];
        Assert.Equal(whole.Content, string.Concat(choices.Select(choice => choice.GetProperty("delta").GetProperty("content").GetString())));
        Assert.Equal(whole.Choice.GetProperty("finish_reason").GetString(), choices[^1].GetProperty("finish_reason").GetString());
        Assert.Equal(whole.Tokens, choices.Skip(1).Sum(choice => choice.GetProperty("logprobs").GetProperty("content").GetArrayLength()));
    }

    [Fact]
    public async Task Tools_are_told_to_a_model_whose_template_knows_none_unless_none_may_be_called()
    {
        int without = await PromptTokens(new { messages = Hello, max_tokens = 1 });
        Assert.True(await PromptTokens(new { messages = Hello, tools = Tools, max_tokens = 1 }) > without + 40);
        Assert.Equal(without, await PromptTokens(new { messages = Hello, tools = Tools, tool_choice = "none", max_tokens = 1 }));
    }

    [Fact]
    public async Task Calls_and_their_results_are_a_part_of_the_conversation()
    {
        object[] messages =
        [
            new { role = "user", content = "Weather?" },
            new { role = "assistant", content = (string?)null, tool_calls = new[] { new { id = "call-1", type = "function", function = new { name = "get_weather", arguments = "{\"city\": \"Bern\"}" } } } },
            new { role = "tool", tool_call_id = "call-1", content = "Sunny" },
        ];
        Assert.True(await PromptTokens(new { messages, max_tokens = 1 }) > await PromptTokens(new { messages = messages[..1], max_tokens = 1 }) + 20);
    }

    [Theory]
    [InlineData("user"), InlineData("assistant")]
    public async Task Arguments_may_nest_as_deep_as_they_are_read(string role)
    {
        string arguments = string.Concat(Enumerable.Repeat("{\"a\":", 60)) + "1" + new string('}', 60);
        object[] messages =
        [
            new { role, content = "Weather?", tool_calls = new[] { new { id = "call-1", type = "function", function = new { name = "get_weather", arguments } } } },
            new { role = "user", content = "Go on." },
        ];
        (await Server.ChatAsync(new { messages, max_tokens = 1 })).Ok();
    }

    public static TheoryData<string> Forced =>
    [
        """{"tool_choice":"required"}""",
        """{"tool_choice":"required","parallel_tool_calls":false}""",
        """{"tool_choice":{"type":"function","function":{"name":"get_weather"}}}""",
        """{"tool_choice":{"type":"function","function":{"name":"now"}}}""",
        """{"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"now"}}]}},"parallel_tool_calls":false}""",
    ];

    [Theory, MemberData(nameof(Forced))]
    public async Task Forced_calls_obey_their_schemas_and_stream_as_they_are(string choice)
    {
        for (int seed = 0; seed < 8; seed++)
        {
            JsonObject request = ForcedRequest(choice);
            request["seed"] = seed;
            JsonElement whole = (await Server.ChatAsync(request.ToJsonString())).Ok().Choice;
            Assert.Equal("", whole.GetProperty("message").GetProperty("content").GetString());
            bool isCut = whole.GetProperty("finish_reason").GetString() == "length";
            if (!isCut) Assert.Equal("tool_calls", whole.GetProperty("finish_reason").GetString());
            (string Name, string Arguments)[] calls = CallsOf(whole.GetProperty("message"));
            Assert.NotEmpty(calls);
            if (choice.Contains("false", StringComparison.Ordinal) || choice.Contains("name", StringComparison.Ordinal)) Assert.Single(calls);
            if (choice.Contains("\"now\"", StringComparison.Ordinal)) Assert.All(calls, call => Assert.Equal("now", call.Name));
            foreach ((string name, string arguments) in isCut ? calls[..^1] : calls) AssertObeys(name, arguments);

            request["stream"] = true;
            Assert.Equal(calls, JoinedCalls((await Server.ChatAsync(request.ToJsonString())).Ok(), whole.GetProperty("finish_reason").GetString()!));
        }
    }

    [Fact]
    public async Task A_forced_call_that_is_cut_off_is_no_content()
    {
        for (int tokens = 1; tokens < 30; tokens += 4)
        {
            JsonObject request = ForcedRequest("""{"tool_choice":"required"}""");
            request["max_tokens"] = tokens;
            JsonElement choice = (await Server.ChatAsync(request.ToJsonString())).Ok().Choice;
            Assert.Equal(("", "length"), (choice.GetProperty("message").GetProperty("content").GetString(), choice.GetProperty("finish_reason").GetString()));
            request["stream"] = true;
            foreach (JsonElement chunk in (await Server.ChatAsync(request.ToJsonString())).Ok().Events)
            {
                if (chunk.GetProperty("choices")[0].GetProperty("delta").TryGetProperty("content", out JsonElement content)) Assert.True(content.ValueKind == JsonValueKind.Null || content.GetString() == "");
            }
        }
    }

    [Fact]
    public async Task Beside_a_format_of_the_answer_calls_may_be_made()
    {
        JsonObject request = ForcedRequest("""{"tool_choice":"auto"}""");
        request["response_format"] = JsonNode.Parse("""{"type":"json_schema","json_schema":{"name":"a","schema":{"enum":["yes","no"]}}}""");
        for (int seed = 0; seed < 12; seed++)
        {
            request["seed"] = seed;
            JsonElement message = (await Server.ChatAsync(request.ToJsonString())).Ok().Choice.GetProperty("message");
            if (CallsOf(message) is { Length: > 0 } calls) AssertObeys(calls[0].Name, calls[0].Arguments);
            else Assert.Contains(message.GetProperty("content").GetString(), (string[])["\"yes\"", "\"no\""]);
        }
    }

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{"type":"banana"}}}""", "tools[0].function.parameters")]
    [InlineData("""{"type":"string"}""", "tools[0].function.parameters.type")]
    public async Task A_schema_that_no_call_can_be_held_to_is_refused(string parameters, string parameter) =>
        (await Server.ChatAsync($$$"""{"messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"f","parameters":{{{parameters}}} }}],"tool_choice":"required"}""")).Refused(400, parameter);

    [Theory]
    [InlineData("""{"tools":[{"type":"function","function":{"name":"f","parameters":"x"}}]}""", "tools[0].function.parameters")]
    [InlineData("""{"tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"f"}}]}""", "tools[1].function.name")]
    [InlineData("""{"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"function","function":{"name":"g"}}}""", "tool_choice.function.name")]
    [InlineData("""{"tool_choice":"auto"}""", "tool_choice")]
    public async Task Tools_that_cannot_be_used_are_refused_by_their_place(string fields, string parameter) =>
        (await Server.ChatAsync($"{{\"messages\":[{{\"role\":\"user\",\"content\":\"hi\"}}],{fields[1..]}")).Refused(400, parameter);

    private static JsonObject ForcedRequest(string choice)
    {
        JsonObject request = JsonNode.Parse(choice)!.AsObject();
        request["messages"] = JsonNode.Parse("""[{"role":"user","content":"What is the weather in Bern?"}]""");
        request["tools"] = JsonNode.Parse(
            """[{"type":"function","function":{"name":"get_weather","parameters":""" + Weather + """}},{"type":"function","function":{"name":"now"}}]""");
        request["max_tokens"] = 120;
        request["temperature"] = 1;
        return request;
    }

    private static (string Name, string Arguments)[] CallsOf(JsonElement message) => !message.TryGetProperty("tool_calls", out JsonElement calls) ? []
        : [.. calls.EnumerateArray().Select(call => call.GetProperty("function")).Select(function => (function.GetProperty("name").GetString()!, function.GetProperty("arguments").GetString()!))];

    internal static void AssertObeys(string name, string arguments)
    {
        JsonElement members = JsonElement.Parse(arguments);
        if (name == "now")
        {
            Assert.Empty(members.EnumerateObject());
            return;
        }

        Assert.Equal("get_weather", name);
        Assert.True(members.GetProperty("city").GetString()!.EnumerateRunes().Count() <= 12, arguments);
        Assert.True(!members.TryGetProperty("days", out JsonElement days) || days.GetInt32() is >= 1 and <= 9, arguments);
        Assert.All(members.EnumerateObject(), member => Assert.Contains(member.Name, (string[])["city", "days"]));
    }

    /// <summary>The calls of a stream, after a look at the form of its events.</summary>
    private static List<(string, string)> JoinedCalls(Reply stream, string finish)
    {
        List<(string Name, string Arguments)> calls = [];
        JsonElement[] choices = [.. stream.Events.Select(chunk => chunk.GetProperty("choices")[0])];
        Assert.Equal((finish, "{}"), (choices[^1].GetProperty("finish_reason").GetString(), choices[^1].GetProperty("delta").ToString()));
        foreach (JsonElement delta in choices[1..^1].Select(choice => choice.GetProperty("delta")))
        {
            JsonElement call = delta.GetProperty("tool_calls")[0], function = call.GetProperty("function");
            if (function.TryGetProperty("name", out JsonElement name))
            {
                Assert.Equal(JsonValueKind.Null, delta.GetProperty("content").ValueKind);
                Assert.Matches("^chatcmpl-tool-[0-9a-f]{16}$", call.GetProperty("id").GetString());
                Assert.Equal(calls.Count, call.GetProperty("index").GetInt32());
                calls.Add((name.GetString()!, ""));
            }
            else
            {
                calls[^1] = (calls[^1].Name, calls[^1].Arguments + function.GetProperty("arguments").GetString());
            }
        }

        return calls;
    }

    private async Task<int> PromptTokens(object body) => (await Server.ChatAsync(body)).Ok().Usage.GetProperty("prompt_tokens").GetInt32();
}
