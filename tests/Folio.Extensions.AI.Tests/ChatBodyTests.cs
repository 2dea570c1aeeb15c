using System.Text.Json;
using System.Text.Json.Nodes;
using Folio.Engine;
using Microsoft.Extensions.AI;

namespace Folio.Extensions.AI.Tests;

/// <summary>Options and messages as fields of /v1/chat/completions.</summary>
public sealed class ChatBodyTests(DemoEngine demo)
{
    [Fact]
    public void Every_option_is_a_field()
    {
        AIFunction function = AIFunctionFactory.Create((string city) => city, "get_weather", "The weather of a city.");
        var options = new ChatOptions
        {
            ModelId = "folio-demo",
            Temperature = 0.7f,
            TopP = 0.9f,
            TopK = 40,
            Seed = 7,
            FrequencyPenalty = 0.5f,
            PresencePenalty = -0.5f,
            MaxOutputTokens = 12,
            StopSequences = ["END", "\n\n"],
            ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonElement.Parse("""{"type":"object"}"""), "shape", "A shape."),
            Tools = [function],
            ToolMode = ChatToolMode.RequireSpecific("get_weather"),
            AllowMultipleToolCalls = false,
            Reasoning = new() { Effort = ReasoningEffort.High, Output = ReasoningOutput.None },
            AdditionalProperties = new() { ["min_p"] = 0.1, ["stop_token_ids"] = new[] { 1, 2 }, ["cache_salt"] = "mine" },
        };
        JsonObject body = Body(options);
        body.Remove("messages");
        string parameters = body["tools"]![0]!["function"]!["parameters"]!.ToJsonString();
        body["tools"]![0]!["function"]!["parameters"] = null;
        Assert.Contains("city", parameters);
        Assert.Equal(
            """
            {"model":"folio-demo","temperature":0.7,"top_p":0.9,"top_k":40,"seed":7,"frequency_penalty":0.5,"presence_penalty":-0.5,"max_completion_tokens":12,"stop":["END","\n\n"],
            "response_format":{"type":"json_schema","json_schema":{"name":"shape","description":"A shape.","schema":{"type":"object"}}},
            "tools":[{"type":"function","function":{"name":"get_weather","description":"The weather of a city.","parameters":null}}],
            "tool_choice":{"type":"function","function":{"name":"get_weather"}},"parallel_tool_calls":false,"reasoning_effort":"high","include_reasoning":false,
            "min_p":0.1,"stop_token_ids":[1,2],"cache_salt":"mine"}
            """.ReplaceLineEndings(""),
            body.ToJsonString());
    }

    [Fact]
    public void What_is_not_set_is_not_sent() => Assert.Equal("""{"messages":[{"role":"user","content":"Hi"}]}""", Body(null).ToJsonString());

    [Fact]
    public void No_reasoning_is_an_effort_of_none()
    {
        JsonObject body = Body(new() { Reasoning = new() { Effort = ReasoningEffort.None } });
        Assert.Equal("none", body["reasoning_effort"]!.GetValue<string>());
        Assert.False(body.ContainsKey("chat_template_kwargs"));
    }

    [Fact]
    public void A_factorys_fields_come_first_and_stay()
    {
        var options = new ChatOptions { Temperature = 0.5f, TopK = 3, RawRepresentationFactory = _ => new JsonObject { ["temperature"] = 0, ["min_tokens"] = 2 } };
        JsonObject body = Body(options);
        Assert.Equal((0, 2, 3), (body["temperature"]!.GetValue<int>(), body["min_tokens"]!.GetValue<int>(), body["top_k"]!.GetValue<int>()));
    }

    [Fact]
    public void Calls_results_and_reasoning_of_earlier_turns_are_told_as_the_route_has_them()
    {
        ChatMessage[] messages =
        [
            new(ChatRole.User, "Weather?"),
            new(ChatRole.Assistant, [new TextReasoningContent("Ask."), new FunctionCallContent("c1", "get_weather", new Dictionary<string, object?> { ["city"] = "Bern", ["days"] = 2 }), new UsageContent()]),
            new(ChatRole.Tool, [new FunctionResultContent("c1", new Dictionary<string, object?> { ["degrees"] = 20 }), new FunctionResultContent("c2", "sunny")]),
            new(ChatRole.User, [new TextContent("One"), new TextContent("Two")]) { AuthorName = "Ann" },
        ];
        Assert.Equal(
            """
            [{"role":"user","content":"Weather?"},
            {"role":"assistant","reasoning_content":"Ask.","tool_calls":[{"id":"c1","type":"function","function":{"name":"get_weather","arguments":"{\u0022city\u0022:\u0022Bern\u0022,\u0022days\u0022:2}"}}]},
            {"role":"tool","tool_call_id":"c1","content":"{\u0022degrees\u0022:20}"},
            {"role":"tool","tool_call_id":"c2","content":"sunny"},
            {"role":"user","name":"Ann","content":[{"type":"text","text":"One"},{"type":"text","text":"Two"}]}]
            """.ReplaceLineEndings(""),
            MessageBody.Of(messages, null).ToJsonString());
    }

    [Fact]
    public void Instructions_join_the_system_message_or_become_one()
    {
        Assert.Equal("""[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}]""", MessageBody.Of([new(ChatRole.User, "Hi")], "Be brief.").ToJsonString());
        Assert.Equal(
            """[{"role":"system","content":"Be brief.\nYou tell stories."},{"role":"user","content":"Hi"}]""",
            MessageBody.Of([new(ChatRole.System, "You tell stories."), new(ChatRole.User, "Hi")], "Be brief.").ToJsonString());
    }

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{"type":"object","properties":{}}}}""", """{"type":"object","properties":{"a":{"type":"object","properties":{},"additionalProperties":false}},"additionalProperties":false}""")]
    [InlineData("""{"type":"object","properties":{},"additionalProperties":true}""", """{"type":"object","properties":{},"additionalProperties":true}""")]
    [InlineData("""{"oneOf":[{"properties":{"a":{}}},{"properties":{"b":{}}}]}""", """{"oneOf":[{"properties":{"a":{}}},{"properties":{"b":{}}}]}""")]
    public void A_schema_is_closed_where_that_keeps_its_meaning(string schema, string sent) =>
        Assert.Equal(sent, Body(new() { ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonElement.Parse(schema)) })["response_format"]!["json_schema"]!["schema"]!.ToJsonString());

    public static TheoryData<string, ChatOptions> Refused => new()
    {
        { "ConversationId", new() { ConversationId = "c" } },
        { "HostedWebSearchTool", new() { Tools = [new HostedWebSearchTool()] } },
        { "Summary", new() { Reasoning = new() { Output = ReasoningOutput.Summary } } },
        { "RawRepresentationFactory made a String", new() { RawRepresentationFactory = _ => "text" } },
        { "with messages", new() { RawRepresentationFactory = _ => new JsonObject { ["messages"] = new JsonArray() } } },
        { "stream", new() { AdditionalProperties = new() { ["stream"] = true } } },
        { "temperature", new() { Temperature = 1, AdditionalProperties = new() { ["temperature"] = 0 } } },
        { "unheard_of", new() { AdditionalProperties = new() { ["unheard_of"] = 1 } } },
        { "suffix", new() { AdditionalProperties = new() { ["suffix"] = "x" } } },
        { "n is 2", new() { AdditionalProperties = new() { ["n"] = 2 } } },
        { "top_p", new() { TopP = 3 } },
        { "max_completion_tokens", new() { MaxOutputTokens = 0 } },
        { "other-model", new() { ModelId = "other-model" } },
        { "tools is empty", new() { ToolMode = ChatToolMode.RequireAny } },
        { "banana", new() { ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonElement.Parse("""{"type":"banana"}""")) } },
        { "documents is a", new() { AdditionalProperties = new() { ["documents"] = Stream.Null } } },
    };

    [Theory]
    [MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public async Task What_cannot_be_honoured_is_refused_by_name(string name, ChatOptions options)
    {
        var error = await Assert.ThrowsAsync<RequestException>(() => demo.Client.GetResponseAsync("Hi", options));
        Assert.Contains(name, $"{error.Message} {error.Parameter}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_model_cannot_read_is_refused_by_its_place()
    {
        ChatMessage[] messages = [new(ChatRole.User, "See:"), new(ChatRole.User, [new DataContent(new byte[] { 1 }, "image/png")])];
        var error = await Assert.ThrowsAsync<RequestException>(() => demo.Client.GetResponseAsync(messages));
        Assert.Contains("messages[1]", error.Message);
    }

    private JsonObject Body(ChatOptions? options) => ChatBody.Of(demo.Client, [new(ChatRole.User, "Hi")], options);
}
