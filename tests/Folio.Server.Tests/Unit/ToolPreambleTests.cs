using System.Text.Json;
using Folio.Chat;

namespace Folio.Server.Tests;

public sealed class ToolPreambleTests
{
    private const string Tools = """[{"type":"function","function":{"name":"f"}}]""";

    [Fact]
    public void Tools_are_told_in_the_system_message()
    {
        JsonElement told = Write("""[{"role":"system","content":"Be brief."},{"role":"user","content":"hi"}]""", Tools);
        Assert.Equal(2, told.GetArrayLength());
        string content = told[0].GetProperty("content").GetString()!;
        Assert.StartsWith("Be brief.\n\n# Tools", content);
        Assert.Contains("""{"type":"function","function":{"name":"f"}}""", content);
        Assert.EndsWith("<tool_call>\n{\"name\": \"<function-name>\", \"arguments\": <args-json-object>}\n</tool_call>", content);
        Assert.Equal(["system", "user"], Write("""[{"role":"user","content":"hi"}]""", Tools).EnumerateArray().Select(message => message.GetProperty("role").GetString()));
    }

    [Fact]
    public void Calls_and_results_become_plain_turns()
    {
        JsonElement told = Write(
            """[{"role":"user","content":"q"},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":{"a":1}}}]},{"role":"tool","tool_call_id":"c","content":"4"}]""", null);
        Assert.Equal("""{"role":"assistant","content":"<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\":1}}\n</tool_call>"}""", Plain(told[1]));
        Assert.Equal("""{"role":"user","content":"<tool_response>\n4\n</tool_response>"}""", Plain(told[2]));
    }

    private static JsonElement Write(string messages, string? tools) => ToolPreamble.Write(JsonElement.Parse(messages), tools is null ? null : JsonElement.Parse(tools), ToolFormat.Hermes.Frame);

    private static string Plain(JsonElement message) => message.GetRawText().Replace("\\u0022", "\\\"").Replace("\\u003C", "<").Replace("\\u003E", ">");
}
