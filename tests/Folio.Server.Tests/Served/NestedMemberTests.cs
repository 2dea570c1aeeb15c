using System.Text;

namespace Folio.Server.Tests;

/// <summary>Members of the objects inside a body: none is ignored in silence.</summary>
public sealed class NestedMemberTests(ServedFixture fixture) : IClassFixture<ServedFixture>
{
    private const string Call = """{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}""";

    private Server Server => fixture.Server;

    [Theory]
    [InlineData(""" "messages":[{"role":"user","content":"q","nmae":"n"}] """, "messages[0].nmae")]
    [InlineData(""" "messages":[{"role":"user","content":[{"type":"text","text":"q","txet":"q"}]}] """, "messages[0].content[0].txet")]
    [InlineData(""" "messages":[{"role":"assistant","content":[{"type":"refusal","refusal":"no","text":"q"}]}] """, "messages[0].content[0].text")]
    [InlineData(""" "messages":[{"role":"assistant","tool_calls":[{"id":"c","typ":"function","function":{"name":"f","arguments":"{}"}}]}] """, "messages[0].tool_calls[0].typ")]
    [InlineData(""" "messages":[{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","argumants":"{}"}}]}] """, "messages[0].tool_calls[0].function.argumants")]
    [InlineData(""" "tools":[{"type":"function","function":{"name":"f","parmeters":{"type":"object"}}}] """, "tools[0].function.parmeters")]
    [InlineData(""" "tools":[{"type":"function","function":{"name":"f"},"strict":true}] """, "tools[0].strict")]
    [InlineData(""" "tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"function","function":{"name":"f","arguments":"{}"}} """, "tool_choice.function.arguments")]
    [InlineData(""" "tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"function","mode":"auto","function":{"name":"f"}} """, "tool_choice.mode")]
    [InlineData(""" "tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tool":[],"tools":[{"function":{"name":"f"}}]}} """, "tool_choice.allowed_tools.tool")]
    [InlineData(""" "response_format":{"type":"json_object","schema":{"type":"object"}} """, "response_format.schema")]
    [InlineData(""" "response_format":{"type":"json_object","json_schema":{"schema":{"type":"object"}}} """, "response_format.json_schema")]
    [InlineData(""" "response_format":{"type":"json_schema","json_schema":{"name":"n","strct":true,"schema":{"type":"object"}}} """, "response_format.json_schema.strct")]
    public async Task A_slip_in_a_chat_is_named_by_its_place(string fields, string parameter) =>
        (await Server.PostBytesAsync("/v1/chat/completions", Body(fields))).Refused(400, parameter, $"{parameter} isn't supported");

    [Theory]
    [InlineData("/tokenize"), InlineData("/v1/prefixes")]
    public async Task A_slip_in_a_tool_is_found_wherever_tools_are_read(string path) =>
        (await Server.PostAsync(path, """{"messages":[{"role":"user","content":"q"}],"tools":[{"type":"function","function":{"name":"f","parmeters":{}}}]}""")).Refused(400, "tools[0].function.parmeters");

    [Theory]
    [InlineData(""" "messages":[{"role":"user","content":[{"type":"text","text":"q","cache_control":{"type":"ephemeral"},"prompt_cache_breakpoint":{}}],"name":"n","id":"m1"}] """)]
    [InlineData(""" "messages":[{"role":"assistant","content":"a","refusal":null,"annotations":[],"audio":null,"function_call":null,"tool_calls":[],"reasoning":"r","reasoning_content":"r","parsed":null,"provider_specific_fields":{},"unheard_of":null},{"role":"user","content":"q"}] """)]
    [InlineData(""" "messages":[{"role":"assistant","content":"","tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"{}","parsed_arguments":null},"extra_content":{}}]},{"role":"tool","tool_call_id":"c","name":"f","content":"4"}] """)]
    [InlineData(""" "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":true,"return":{"type":"string"}},"cache_control":{"type":"ephemeral"}}] """)]
    [InlineData(""" "response_format":{"type":"json_schema","json_schema":{"name":"n","description":"d","strict":true,"schema":{"enum":[1]}}} """)]
    [InlineData(""" "response_format":{"type":"text","json_schema":null} """)]
    [InlineData(""" "tools":[{"type":"function","function":{"type":"function","name":"f","description":"d","parameters":{"type":"object"}}}] """)] // Open WebUI's tool servers
    [InlineData(""" "messages":[{"role":"assistant","content":"a","prefix":false},{"role":"user","content":"q"}] """)] // Mistral's clients
    public async Task What_clients_send_is_accepted(string fields) => (await Server.PostBytesAsync("/v1/chat/completions", Body(fields))).Ok();

    [Theory]
    [InlineData("""{"role":"bot","content":"q"}""", "messages[0].role", "\"bot\"; one of system, developer, user, assistant, tool, function was expected")]
    [InlineData("""{"role":"","content":"q"}""", "messages[0].role", "\"\"; one of")]
    [InlineData("""{"role":"USER","content":"q"}""", "messages[0].role", "\"USER\"; one of")]
    [InlineData("""{"content":"q"}""", "messages[0].role", "missing; one of")]
    [InlineData(Call + """,{"role":"tool","tool_call_id":"d","content":"4"}""", "messages[1].tool_call_id", "\"d\", which no call in tool_calls before it has")]
    [InlineData("""{"role":"tool","tool_call_id":"c","content":"4"},""" + Call, "messages[0].tool_call_id", "\"c\", which no call")]
    public async Task Roles_and_results_are_checked(string messages, string parameter, string saying) =>
        (await Server.PostBytesAsync("/v1/chat/completions", Body($"\"messages\":[{messages}]"))).Refused(400, parameter, saying);

    [Theory]
    [InlineData(""" "messages":[{"role":"user","content":"q","name":"n"}] """, "messages[0].name")]
    [InlineData(""" "messages":[{"role":"system","content":"q","clear_at":"never"}] """, "messages[0].clear_at")]
    [InlineData(""" "messages":[{"role":"user","content":[{"type":"text","text":"q","txet":"q"}]}] """, "messages[0].content[0].txet")]
    [InlineData(""" "messages":[{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"f","input":{},"arguments":{}}]}] """, "messages[0].content[0].arguments")]
    [InlineData(""" "messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"t","text":"t"}]}] """, "messages[0].content[0].text")]
    [InlineData(""" "system":[{"type":"text","text":"q","citation":[]}] """, "system[0].citation")]
    [InlineData(""" "tools":[{"name":"f","input_schema":{},"descripton":"d"}] """, "tools[0].descripton")]
    [InlineData(""" "tools":[{"name":"f","input_schema":{}}],"tool_choice":{"type":"any","disable_parallel":true} """, "tool_choice.disable_parallel")]
    [InlineData(""" "thinking":{"type":"adaptive","budget":1024} """, "thinking.budget")]
    [InlineData(""" "output_config":{"efort":"low"} """, "output_config.efort")]
    [InlineData(""" "output_config":{"format":{"type":"json_schema","schema":{},"strict":true}} """, "output_config.format.strict")]
    [InlineData(""" "metadata":{"user":"u"} """, "metadata.user")]
    public async Task A_slip_in_a_message_of_Anthropics_is_named_by_its_place(string fields, string parameter)
    {
        foreach (string path in (string[])["/v1/messages", "/v1/messages/count_tokens"])
        {
            if (path == "/v1/messages" || !fields.Contains("metadata", StringComparison.Ordinal)) (await Server.PostBytesAsync(path, Body(fields, counts: path != "/v1/messages"))).RefusedAsAnthropic(400, "invalid_request_error", $"{parameter} isn't supported");
        }
    }

    [Theory]
    [InlineData(""" "messages":[{"role":"user","content":"q"},{"role":"system","content":[{"type":"text","text":"Be brief.","citations":null,"cache_control":{"type":"ephemeral","ttl":"1h","scope":"global"}}]}] """)]
    [InlineData(""" "messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"f","input":{},"caller":{"type":"direct"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":"4","is_error":false,"cache_control":null}]}] """)]
    public async Task What_Anthropics_clients_send_is_accepted(string fields) => (await Server.PostBytesAsync("/v1/messages", Body(fields))).Ok();

    [Fact]
    public async Task A_role_that_Anthropic_has_not_is_refused() =>
        (await Server.PostAsync("/v1/messages", """{"max_tokens":1,"messages":[{"role":"developer","content":"q"}]}""")).RefusedAsAnthropic(400, "invalid_request_error", "messages[0].role is \"developer\"; one of user, assistant, system was expected");

    private static byte[] Body(string fields, bool counts = false) =>
        Encoding.UTF8.GetBytes($"{{{(counts ? "" : "\"max_tokens\":1,")}{(fields.Contains("\"messages\"", StringComparison.Ordinal) ? "" : """ "messages":[{"role":"user","content":"q"}],""")}{fields}}}");
}
