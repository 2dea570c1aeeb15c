using System.Text.Json;
using System.Text.Json.Nodes;

namespace Folio.Server.Tests;

/// <summary>POST /v1/responses, whole and streamed.</summary>
public sealed class ResponsesTests(ServedFixture fixture) : IClassFixture<ServedFixture>
{
    private const string Tools = """
        [{"type":"function","name":"get_weather","description":"w","strict":true,"parameters":{"type":"object","properties":{"city":{"type":"string","maxLength":12},"days":{"type":"integer","minimum":1,"maximum":9}},"required":["city"]}},
         {"type":"function","name":"now"}]
        """;

    private Server Server => fixture.Server;

    [Fact]
    public async Task A_question_is_answered_as_a_chat_answers_it()
    {
        Reply chat = (await Server.ChatAsync(new { messages = new[] { new { role = "user", content = "Tell me a story." } }, temperature = 0, max_tokens = 20 })).Ok();
        JsonElement response = (await Server.RespondAsync(new { model = "demo", input = "Tell me a story.", temperature = 0, max_output_tokens = 20 })).Response();
        Assert.Equal(chat.Content, response.Text());
        Assert.StartsWith("resp_", response.Id());
        Assert.Equal(("response", "demo", "incomplete", "max_output_tokens"), (response.GetProperty("object").GetString(), response.GetProperty("model").GetString(), response.GetProperty("status").GetString(), response.GetProperty("incomplete_details").GetProperty("reason").GetString()));
        JsonElement message = Assert.Single(response.Output()), usage = response.GetProperty("usage");
        Assert.Equal(("assistant", "incomplete"), (message.GetProperty("role").GetString(), message.GetProperty("status").GetString()));
        Assert.Equal(chat.Usage.GetProperty("prompt_tokens").GetInt32(), usage.GetProperty("input_tokens").GetInt32());
        Assert.Equal((20, usage.GetProperty("input_tokens").GetInt32() + 20), (usage.GetProperty("output_tokens").GetInt32(), usage.GetProperty("total_tokens").GetInt32()));
        Assert.Equal((usage.GetProperty("input_tokens").GetInt32() - 1) / 16 * 16, usage.GetProperty("input_tokens_details").GetProperty("cached_tokens").GetInt32());
    }

    [Fact]
    public async Task What_was_asked_is_repeated()
    {
        JsonObject request = JsonNode.Parse(
            """
            {"input":[{"role":"user","content":[{"type":"input_text","text":"hi"}]}],"instructions":"Be brief.","max_output_tokens":4,"temperature":0.5,"top_p":0.9,"user":"me","metadata":{"a":"b"},"truncation":"auto","parallel_tool_calls":false,
             "tool_choice":"none","max_tool_calls":3,"store":false,"reasoning":{"effort":"low","summary":"auto"},"presence_penalty":0.5,"text":{"format":{"type":"json_object"},"verbosity":"medium"},"service_tier":"auto","safety_identifier":"x","prompt_cache_key":"y","background":false}
            """)!.AsObject();
        request["tools"] = JsonNode.Parse(Tools);
        JsonElement response = (await Server.RespondAsync(request.ToJsonString())).Response();
        foreach (string name in (string[])["instructions", "max_output_tokens", "temperature", "top_p", "user", "metadata", "truncation", "parallel_tool_calls", "tool_choice", "max_tool_calls", "store", "reasoning", "presence_penalty"])
            Assert.True(JsonElement.DeepEquals(JsonElement.Parse(request[name]!.ToJsonString()), response.GetProperty(name)), $"{name}: {response.GetProperty(name)}");
        Assert.Equal("json_object", response.GetProperty("text").GetProperty("format").GetProperty("type").GetString());
        Assert.Equal(["get_weather", "now"], response.GetProperty("tools").EnumerateArray().Select(tool => tool.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task All_kinds_of_items_are_read_as_a_chat_reads_its_messages()
    {
        string items = """
            [{"role":"developer","content":"Be kind."},{"type":"message","role":"user","content":[{"type":"input_text","text":"Weather in Bern?"}]},
             {"type":"reasoning","id":"rs_1","summary":[],"content":[{"type":"reasoning_text","text":"hm"}]},
             {"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"I'll look.","annotations":[],"logprobs":[]}]},
             {"type":"function_call","id":"fc_1","call_id":"call_1","name":"get_weather","arguments":"{\"city\":\"Bern\"}"},
             {"type":"function_call_output","call_id":"call_1","output":[{"type":"input_text","text":"sunny"}]}]
            """;
        string messages = """
            [{"role":"system","content":"Be kind."},{"role":"user","content":"Weather in Bern?"},{"role":"assistant","content":"I'll look.","tool_calls":[{"id":"call_1","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Bern\"}"}}]},
             {"role":"tool","tool_call_id":"call_1","content":"sunny"}]
            """;
        Reply chat = (await Server.ChatAsync($$"""{"messages":{{messages}},"temperature":0,"max_tokens":12}""")).Ok();
        JsonElement response = (await Server.RespondAsync($$"""{"input":{{items}},"temperature":0,"max_output_tokens":12}""")).Response();
        Assert.Equal((chat.Usage.GetProperty("prompt_tokens").GetInt32(), chat.Content), (response.GetProperty("usage").GetProperty("input_tokens").GetInt32(), response.Text()));
    }

    public static TheoryData<string> Requests =>
    [
        """{"max_output_tokens":24}""",
        """{"max_output_tokens":24,"stop":["a"]}""",
        """{"max_output_tokens":12,"include":["message.output_text.logprobs"],"top_logprobs":2}""",
        """{"max_output_tokens":12,"include":["message.output_text.logprobs"],"stop":[" the"]}""",
        """{"max_output_tokens":120,"tool_choice":"required","tools":T}""",
        """{"max_output_tokens":120,"tool_choice":"required","parallel_tool_calls":false,"tools":T}""",
        """{"max_output_tokens":120,"tool_choice":{"type":"function","name":"now"},"tools":T}""",
        """{"max_output_tokens":120,"tool_choice":{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"now"}]},"tools":T}""",
        """{"max_output_tokens":9,"tool_choice":"required","tools":T}""",
        """{"max_output_tokens":60,"tools":T,"text":{"format":{"type":"json_schema","name":"a","schema":{"enum":["yes","no"]}}}}""",
        """{"max_output_tokens":60,"text":{"format":{"type":"json_object"}}}""",
        """{"max_output_tokens":40,"structured_outputs":{"regex":"[ab]{3,9}"},"include":["message.output_text.logprobs"]}""",
    ];

    [Theory, MemberData(nameof(Requests))]
    public async Task A_stream_adds_up_to_the_whole_response(string fields)
    {
        for (int seed = 0; seed < 4; seed++)
        {
            JsonObject request = JsonNode.Parse(fields.Replace("\"tools\":T", $"\"tools\":{Tools}", StringComparison.Ordinal))!.AsObject();
            request["input"] = "What is the weather in Bern?";
            request["seed"] = seed;
            JsonElement whole = (await Server.RespondAsync(request.ToJsonString())).Response();
            request["stream"] = true;
            IReadOnlyList<JsonElement> events = (await Server.RespondAsync(request.ToJsonString())).ResponseEvents();
            JsonElement last = events[^1].GetProperty("response");
            Assert.Equal($"response.{whole.GetProperty("status").GetString()}", ResponseReplies.TypeOf(events[^1]));
            Assert.Equal(whole.Output().Select(ResponseReplies.Comparable), ResponseReplies.Assemble(events).Select(ResponseReplies.Comparable));
            Assert.True(JsonElement.DeepEquals(last.GetProperty("output"), JsonElement.Parse($"[{string.Join(',', ResponseReplies.Assemble(events).Select(item => item.GetRawText()))}]")));
            Assert.Equal(Comparable(whole), Comparable(last));
        }

        static string Comparable(JsonElement response) => System.Text.RegularExpressions.Regex.Replace(ResponseReplies.Comparable(response), "cached_tokens:[0-9]+", "");
    }

    [Fact]
    public async Task Calls_obey_their_schemas_and_only_those_allowed_are_made()
    {
        for (int seed = 0; seed < 6; seed++)
        {
            JsonElement response = (await Server.RespondAsync($$$"""{"input":"Weather?","max_output_tokens":120,"seed":{{{seed}}},"tools":{{{Tools}}},"tool_choice":{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"now"}]}}""")).Response();
            Assert.NotEmpty(response.Output());
            Assert.All(response.Output(), item => Assert.Equal(("function_call", "now"), (ResponseReplies.TypeOf(item), item.GetProperty("name").GetString())));
        }
    }

    [Fact]
    public async Task Log_probabilities_are_those_of_the_chat()
    {
        JsonElement chat = (await Server.ChatAsync(new { messages = new[] { new { role = "user", content = "hi" } }, temperature = 0, max_tokens = 6, logprobs = true, top_logprobs = 3 })).Ok().Choice;
        JsonElement response = (await Server.RespondAsync(new { input = "hi", temperature = 0, max_output_tokens = 6, include = new[] { "message.output_text.logprobs" }, top_logprobs = 3 })).Response();
        Assert.Equal(chat.GetProperty("logprobs").GetProperty("content").GetRawText(), response.Output()[0].GetProperty("content")[0].GetProperty("logprobs").GetRawText());
        Assert.Equal(3, response.GetProperty("top_logprobs").GetInt32());
    }

    [Fact]
    public async Task Deltas_are_obscured_on_request()
    {
        IReadOnlyList<JsonElement> events = (await Server.RespondAsync(new { input = "hi", max_output_tokens = 8, stream = true, stream_options = new { include_obfuscation = true } })).ResponseEvents();
        JsonElement[] deltas = [.. events.Where(each => each.TryGetProperty("delta", out _))];
        Assert.NotEmpty(deltas);
        Assert.All(deltas, delta => Assert.Equal(0, (delta.GetProperty("delta").GetString()!.Length + delta.GetProperty("obfuscation").GetString()!.Length) % 16));
    }

    [Fact]
    public async Task Truncation_drops_the_oldest_turns_and_keeps_what_the_system_says()
    {
        string item = """{"role":"user","content":"Once upon a time there was a little dog that liked to play with a big red ball."},{"role":"assistant","content":"The dog ran."},""";
        string items = $$"""[{"role":"system","content":"You tell stories."},{{string.Concat(Enumerable.Repeat(item, 60))}}{"role":"user","content":"And then?"}]""";
        (await Server.RespondAsync($$"""{"input":{{items}},"max_output_tokens":8}""")).Refused(400, "input");
        JsonElement response = (await Server.RespondAsync($$"""{"input":{{items}},"max_output_tokens":8,"truncation":"auto"}""")).Response();
        int context = (await Server.GetAsync("/v1/models/demo")).Json.GetProperty("max_model_len").GetInt32(), used = response.GetProperty("usage").GetProperty("input_tokens").GetInt32();
        Assert.InRange(used, context - 100, context - 8);
    }

    [Fact]
    public async Task Truncation_hides_no_error_that_is_none_of_length()
    {
        await using var demo = new DemoEngine();
        await using Server server = await Server.StartAsync(demo.Engine, new() { ChatTemplate = "{% for m in messages %}{% if m.content == 'old' %}{{ raise_exception('nothing old') }}{% endif %}{{ m.content }}{% endfor %}" });
        foreach (string truncation in (string[])["auto", "disabled"])
            (await server.RespondAsync(new { input = new[] { new { role = "user", content = "old" }, new { role = "user", content = "new" } }, max_output_tokens = 4, truncation })).Refused(400, "input", "nothing old");
        (await server.RespondAsync(new { input = new[] { new { role = "user", content = "new" } }, max_output_tokens = 4, truncation = "auto" })).Response();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100)]
    public async Task Streams_told_seldom_have_the_same_log_probabilities(int interval)
    {
        object Ask(bool stream) => new { input = "Tell me a story.", temperature = 0, max_output_tokens = 24, include = new[] { "message.output_text.logprobs" }, stream, stream_interval = interval };
        JsonElement whole = (await Server.RespondAsync(Ask(false))).Response();
        List<JsonElement> items = ResponseReplies.Assemble((await Server.RespondAsync(Ask(true))).ResponseEvents());
        Assert.Equal(whole.Output().Select(ResponseReplies.Comparable), items.Select(ResponseReplies.Comparable));
        JsonElement part = items[0].GetProperty("content")[0];
        Assert.Equal(part.GetProperty("text").GetString()!.Trim(), string.Concat(part.GetProperty("logprobs").EnumerateArray().Select(entry => entry.GetProperty("token").GetString())).Trim());
    }

    public static TheoryData<string, string, string> Refused => new()
    {
        { """{}""", "input", "missing" },
        { """{"input":5}""", "input", "a string or a list" },
        { """{"input":[]}""", "input", "at least one" },
        { """{"input":["x"]}""", "input[0]", "object" },
        { """{"input":[{"role":"user"}]}""", "input[0].content", "missing" },
        { """{"input":[{"role":"wizard","content":"x"}]}""", "input[0].role", "wizard" },
        { """{"input":[{"content":"x"}]}""", "input[0].type", "missing" },
        { """{"input":[{"role":"user","content":[{"type":"input_text","text":"x"},{"type":"input_image","image_url":"x"}]}]}""", "input[0].content[1].type", "text only" },
        { """{"input":[{"role":"user","content":[{"type":"input_file","file_id":"x"}]}]}""", "input[0].content[0].type", "text only" },
        { """{"input":[{"type":"web_search_call","id":"x"}]}""", "input[0].type", "web_search_call" },
        { """{"input":[{"type":"item_reference","id":"x"}]}""", "input[0].type", "previous_response_id" },
        { """{"input":[{"type":"function_call","call_id":"c","name":"f","arguments":"[1]"}]}""", "input[0].arguments", "JSON object" },
        { """{"input":[{"role":"user","content":"x"},{"type":"function_call","call_id":"c","name":"f","arguments":"{"}]}""", "input[1].arguments", "valid JSON" },
        { """{"input":[{"type":"function_call_output","call_id":"c","output":"x"}]}""", "input[0].call_id", "No tool call found" },
        { """{"input":[{"type":"reasoning","id":"r","summary":[],"encrypted_content":"gAAA"}]}""", "input[0].encrypted_content", "can't be read" },
        { """{"input":"x","background":true}""", "background", "background" },
        { """{"input":"x","conversation":"c"}""", "conversation", "previous_response_id" },
        { """{"input":"x","prompt":{"id":"p"}}""", "prompt", "prompt" },
        { """{"input":"x","context_management":[{"type":"compaction"}]}""", "context_management", "truncation" },
        { """{"input":"x","moderation":{"model":"m"}}""", "moderation", "moderation" },
        { """{"input":"x","messages":[]}""", "messages", "input" },
        { """{"input":"x","max_tokens":5}""", "max_tokens", "max_output_tokens" },
        { """{"input":"x","n":2}""", "n", "one answer" },
        { """{"input":"x","prompt_logprobs":1}""", "prompt_logprobs", "prompt_logprobs" },
        { """{"input":"x","unheard_of":1}""", "unheard_of", "Unrecognized" },
        { """{"input":"x","max_output_tokens":0}""", "max_output_tokens", "max_output_tokens must be at least 1" },
        { """{"input":"x","max_output_tokens":100000}""", "max_output_tokens", "100000" },
        { """{"input":"x","temperature":-1}""", "temperature", "temperature" },
        { """{"input":"x","top_logprobs":2}""", "top_logprobs", "include" },
        { """{"input":"x","top_logprobs":99,"include":["message.output_text.logprobs"]}""", "top_logprobs", "99" },
        { """{"input":"x","include":["file_search_call.results"]}""", "include[0]", "file_search_call" },
        { """{"input":"x","tools":[{"type":"web_search"}]}""", "tools[0].type", "web_search" },
        { """{"input":"x","tools":[{"type":"function","name":"f"},{"type":"mcp","server_label":"x"}]}""", "tools[1].type", "mcp" },
        { """{"input":"x","tools":[{"type":"function"}]}""", "tools[0].name", "missing" },
        { """{"input":"x","tools":[{"type":"function","name":"a b"}]}""", "tools[0].name", "letters" },
        { """{"input":"x","tools":[{"type":"function","name":"f","parameters":{"type":"banana"}}],"tool_choice":"required"}""", "tools[0].parameters.type", "object" },
        { """{"input":"x","tools":[{"type":"function","name":"f","parameters":{"type":"object","properties":{"a":{"type":"banana"}}}}],"tool_choice":"required"}""", "tools[0].parameters", "banana" },
        { """{"input":"x","tools":[{"type":"function","name":"f"},{"type":"function","name":"g","parameters":{"properties":{"a":{"type":"banana"}}}}],"tool_choice":{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"g"}]}}""", "tools[1].parameters", "banana" },
        { """{"input":"x","tool_choice":"required"}""", "tool_choice", "tools" },
        { """{"input":"x","tools":[{"type":"function","name":"f"}],"tool_choice":{"type":"function","name":"g"}}""", "tool_choice.name", "among" },
        { """{"input":"x","tools":[{"type":"function","name":"f"}],"tool_choice":{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"g"}]}}""", "tool_choice.tools[0].name", "among" },
        { """{"input":"x","tool_choice":{"type":"file_search"}}""", "tool_choice.type", "file_search" },
        { """{"input":"x","text":{"format":{"type":"json_schema","name":"a"}}}""", "text.format.schema", "missing" },
        { """{"input":"x","text":{"format":{"type":"json_schema","name":"a","schema":{"type":"banana"}}}}""", "text.format", "text.format" },
        { """{"input":"x","text":{"format":{"type":"xml"}}}""", "text.format", "xml" },
        { """{"input":"x","text":{"verbosity":"high"}}""", "text.verbosity", "verbosity" },
        { """{"input":"x","reasoning":{"effort":"huge"}}""", "reasoning.effort", "huge" },
        { """{"input":"x","reasoning":{"context":"all_turns"}}""", "reasoning.context", "context" },
        { """{"input":"x","tools":[{"type":"function","name":"f","allowed_callers":["programmatic"]}]}""", "tools[0].allowed_callers", "direct" },
        { """{"input":"x","tools":[{"type":"function","name":"f","output_schema":{}}]}""", "tools[0].output_schema", "isn't supported" },
        { """{"input":"x","tools":[{"type":"function","name":"f","unheard_of":1}]}""", "tools[0].unheard_of", "isn't supported" },
        { """{"input":"x","tools":[{"type":"function","name":"f"}],"tool_choice":{"type":"function","name":"f","unheard_of":1}}""", "tool_choice.unheard_of", "isn't supported" },
        { """{"input":[{"role":"user","content":"x","unheard_of":1}]}""", "input[0].unheard_of", "isn't supported" },
        { """{"input":[{"role":"user","content":[{"type":"input_text","text":"x","unheard_of":1}]}]}""", "input[0].content[0].unheard_of", "isn't supported" },
        { """{"input":[{"type":"function_call","call_id":"c","name":"f","arguments":"{}","namespace":"n"}]}""", "input[0].namespace", "isn't supported" },
        { """{"input":[{"type":"reasoning","id":"r","summary":[],"unheard_of":1}]}""", "input[0].unheard_of", "isn't supported" },
        { """{"input":"x","text":{"unheard_of":1}}""", "text.unheard_of", "isn't supported" },
        { """{"input":"x","text":{"format":{"type":"text","unheard_of":1}}}""", "text.format.unheard_of", "isn't supported" },
        { """{"input":"x","text":{"format":{"type":"json_object","name":"a"}}}""", "text.format.name", "isn't supported" },
        { """{"input":"x","truncation":"some"}""", "truncation", "auto" },
        { """{"input":"x","metadata":{"a":1}}""", "metadata.a", "string" },
        { """{"input":"x","stream_options":{"include_obfuscation":true}}""", "stream_options", "stream" },
        { """{"input":"x","stream":true,"stream_options":{"include_usage":true}}""", "stream_options.include_usage", "usage" },
        { """{"input":"x","previous_response_id":"resp_nope"}""", "previous_response_id", "Previous response with id 'resp_nope' not found" },
    };

    [Theory, MemberData(nameof(Refused))]
    public async Task What_cannot_be_honoured_is_refused_by_its_name(string body, string parameter, string saying) => (await Server.RespondAsync(body)).Refused(400, parameter, saying);

    [Fact]
    public async Task An_unknown_model_is_not_found() => (await Server.RespondAsync(new { input = "x", model = "nope" })).Refused(404, "model");
}
