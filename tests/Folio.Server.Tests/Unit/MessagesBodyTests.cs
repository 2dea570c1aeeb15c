using System.Text.Json;
using System.Text.Json.Nodes;

namespace Folio.Server.Tests;

/// <summary>Bodies of /v1/messages as those of chats.</summary>
public sealed class MessagesBodyTests
{
    [Theory]
    [InlineData(
        """{"system":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},{"type":"text","text":"b"}],"messages":[{"role":"user","content":"hi"}]}""",
        """{"messages":[{"role":"system","content":"a\nb"},{"role":"user","content":"hi"}]}""")]
    [InlineData(
        """{"messages":[{"role":"user","content":"a"},{"role":"user","content":[{"type":"text","text":"b"}]},{"role":"assistant","content":""},{"role":"user","content":[]}]}""",
        """{"messages":[{"role":"user","content":"a\nb"},{"role":"assistant","content":""},{"role":"user","content":""}]}""")]
    [InlineData(
        """
        {"messages":[{"role":"user","content":"weather?"},
        {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"redacted_thinking","data":"x"},{"type":"text","text":"I look."},{"type":"tool_use","id":"t1","name":"f","input":{"a":[1]}},{"type":"tool_use","id":"t2","name":"g","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"sun"},{"type":"text","text":"wind"}]},{"type":"tool_result","tool_use_id":"t2","content":"no such town","is_error":true},{"type":"text","text":"and?"}]}]}
        """,
        """
        {"messages":[{"role":"user","content":"weather?"},
        {"role":"assistant","content":"I look.","reasoning_content":"hm","tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":{"a":[1]}}},{"id":"t2","type":"function","function":{"name":"g","arguments":{}}}]},
        {"role":"tool","content":"sun\nwind","tool_call_id":"t1","name":"f"},{"role":"tool","content":"Error: no such town","tool_call_id":"t2","name":"g"},{"role":"user","content":"and?"}]}
        """)]
    [InlineData(
        """{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t"}]}]}""",
        """{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":{}}}]},{"role":"tool","content":"","tool_call_id":"t","name":"f"}]}""")]
    [InlineData(
        """{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"It is"}]}""",
        """{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"It is"}],"continue_final_message":true}""")]
    [InlineData("""{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":""}]}""", """{"messages":[{"role":"user","content":"a"}]}""")]
    public void Conversations(string body, string chat) => AssertChat(body, chat);

    [Theory]
    [InlineData("""{"max_tokens":5,"stop_sequences":["x"],"metadata":{"user_id":"u"},"temperature":0.5,"top_k":3,"stream":true}""", """{"stream":true,"temperature":0.5,"top_k":3,"max_tokens":5,"stop":["x"],"user":"u"}""")]
    [InlineData("""{"max_tokens":0}""", """{"max_tokens":1}""")]
    [InlineData("""{"tools":[{"name":"f","description":"d","input_schema":{"type":"object"}}]}""", """{"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}]}""")]
    [InlineData("""{"tools":[],"tool_choice":{"type":"auto"}}""", """{"tools":[]}""")]
    [InlineData("""{"thinking":{"type":"disabled"}}""", """{"include_reasoning":false,"chat_template_kwargs":{"enable_thinking":false,"thinking":false,"thinking_budget":0}}""")]
    [InlineData("""{"thinking":{"type":"adaptive"}}""", """{"chat_template_kwargs":{"enable_thinking":true,"thinking":true}}""")]
    [InlineData("""{"thinking":{"type":"enabled","budget_tokens":2000},"chat_template_kwargs":{"thinking":"always"}}""", """{"chat_template_kwargs":{"enable_thinking":true,"thinking_budget":2000,"thinking":"always"}}""")]
    [InlineData("""{"output_config":{"effort":"max","format":{"type":"json_schema","schema":{"type":"object"}}}}""", """{"reasoning_effort":"high","response_format":{"type":"json_schema","json_schema":{"schema":{"type":"object"}}}}""")]
    [InlineData("""{"output_format":{"type":"json_schema","schema":{"type":"object"}}}""", """{"response_format":{"type":"json_schema","json_schema":{"schema":{"type":"object"}}}}""")]
    public void Other_fields(string fields, string chat)
    {
        JsonObject body = JsonNode.Parse(fields)!.AsObject(), expected = JsonNode.Parse(chat)!.AsObject();
        body["messages"] = JsonNode.Parse("""[{"role":"user","content":"hi"}]""");
        expected["messages"] = JsonNode.Parse("""[{"role":"user","content":"hi"}]""");
        AssertChat(body.ToJsonString(), expected.ToJsonString());
    }

    [Theory]
    [InlineData("""{"type":"auto"}""", "\"auto\"", null)]
    [InlineData("""{"type":"any","disable_parallel_tool_use":true}""", "\"required\"", false)]
    [InlineData("""{"type":"none"}""", "\"none\"", null)]
    [InlineData("""{"type":"tool","name":"f","disable_parallel_tool_use":false}""", """{"type":"function","function":{"name":"f"}}""", true)]
    public void Tool_choices(string choice, string chat, bool? parallel)
    {
        JsonElement written = Chat("""{"messages":[{"role":"user","content":"hi"}],"tools":[{"name":"f","input_schema":{}}],"tool_choice":""" + choice + "}");
        Assert.Equal(chat, written.GetProperty("tool_choice").GetRawText());
        Assert.Equal(parallel, written.TryGetProperty("parallel_tool_calls", out JsonElement flag) ? flag.GetBoolean() : null);
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image","source":{}}]}]}""", "messages[0].content[0].type", "\"image\"; this model reads text only")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"document","source":{}}]}]}""", "messages[0].content[0].type", "\"document\"; this model reads text only")]
    [InlineData("""{"system":[{"type":"image"}],"messages":[{"role":"user","content":"a"}]}""", "system[0].type", "\"image\"")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t"}]}]}""", "messages[0].content[0].tool_use_id", "no tool_use block before it")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]}]}""", "messages[0].content[0].type", "can't stand in a message of the role user")]
    [InlineData("""{"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":"{}"}]}]}""", "messages[0].content[0].input", "an object")]
    [InlineData("""{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]}]}""", "messages", "tool_result is missing")]
    [InlineData("""{"messages":[{"role":"bot","content":"a"}]}""", "messages[0].role", "one of user, assistant, system")]
    [InlineData("""{"messages":[{"role":"user"}]}""", "messages[0].content", "missing")]
    [InlineData("""{"messages":[]}""", "messages", "at least one")]
    [InlineData("""{}""", "messages", "missing")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"tools":[{"type":"bash_20250124","name":"bash"}]}""", "tools[0].type", "bash_20250124")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"tools":[{"name":"f"}]}""", "tools[0].input_schema", "missing")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"tools":[{"name":"f","input_schema":{},"defer_loading":true}]}""", "tools[0].defer_loading", "isn't supported")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"tools":[{"name":"f","input_schema":{}}],"tool_choice":{"type":"tool","name":"g"}}""", "tool_choice.name", "isn't among tools")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"tool_choice":{"type":"any"}}""", "tool_choice", "tools is empty or missing")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"tool_choice":{"type":"maybe"}}""", "tool_choice.type", "\"maybe\"")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"thinking":{"type":"enabled"}}""", "thinking.budget_tokens", "missing")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"thinking":{"type":"enabled","budget_tokens":10}}""", "thinking.budget_tokens", "at least 1024")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"max_tokens":1500,"thinking":{"type":"enabled","budget_tokens":1500}}""", "thinking.budget_tokens", "below max_tokens")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"output_config":{"format":{"type":"regex"}}}""", "output_config.format.type", "json_schema")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"output_config":{"effort":"some"}}""", "output_config.effort", "\"some\"")]
    public void What_cannot_be_used_is_refused_by_its_place(string body, string parameter, string saying)
    {
        ApiException error = Assert.Throws<ApiException>(() => Chat(body));
        Assert.Equal((400, parameter), (error.Status, error.Parameter));
        Assert.Contains(saying, error.Message);
    }

    private static void AssertChat(string body, string chat)
    {
        JsonElement written = Chat(body);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(chat), JsonNode.Parse(written.GetRawText())), written.GetRawText());
    }

    private static JsonElement Chat(string body)
    {
        using JsonDocument chat = MessagesBody.ToChat(new(JsonElement.Parse(body)), new());
        return chat.RootElement.Clone();
    }
}
