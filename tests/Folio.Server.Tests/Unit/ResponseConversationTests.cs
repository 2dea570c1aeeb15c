using System.Text;
using System.Text.Json;

namespace Folio.Server.Tests;

public sealed class ResponseConversationTests
{
    private const string Thought = """{"type":"reasoning","id":"r","summary":[{"type":"summary_text","text":"s"}],"content":[{"type":"reasoning_text","text":"hm"}]}""";
    private const string Said = """{"role":"assistant","content":"I see."}""";
    private const string Called = """{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}""";
    private const string Result = """{"type":"function_call_output","call_id":"c","output":"4"}""";
    private const string Asked = """{"role":"user","content":"Why?"}""";

    [Theory]
    [InlineData(Asked, "user")]
    [InlineData($"{Thought},{Said},{Called},{Called},{Result}", "assistant+reasoning+2 tool")]
    [InlineData($"{Called},{Result},{Said}", "assistant+1 tool assistant")]
    [InlineData($"{Said},{Said}", "assistant assistant")]
    [InlineData($"{Called},{Said}", "assistant+1 assistant")]
    [InlineData($"{Called},{Thought},{Called}", "assistant+1 assistant+reasoning+1")]
    [InlineData($"{Thought},{Asked},{Thought}", "assistant+reasoning user assistant+reasoning")]
    public void What_the_assistant_did_in_a_row_is_one_message(string items, string expected) =>
        Assert.Equal(expected, string.Join(' ', Messages($"[{items}]", null).EnumerateArray().Select(message =>
            message.GetProperty("role").GetString() + (message.TryGetProperty("reasoning_content", out _) ? "+reasoning" : "") + (message.TryGetProperty("tool_calls", out JsonElement calls) ? $"+{calls.GetArrayLength()}" : ""))));

    [Fact]
    public void Messages_carry_what_templates_read()
    {
        JsonElement messages = Messages($"[{Thought},{Called},{Result}]", "Be brief.");
        Assert.Equal("""{"role":"system","content":"Be brief."}""", messages[0].GetRawText());
        Assert.Equal("""{"role":"assistant","content":"","reasoning":"hm","reasoning_content":"hm","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}""", messages[1].GetRawText());
        Assert.Equal("""{"role":"tool","tool_call_id":"c","name":"f","content":"4"}""", messages[2].GetRawText());
    }

    [Fact]
    public void Errors_of_the_chat_name_the_item_that_the_client_has_sent()
    {
        var names = new FieldNames();
        Messages($"[{Asked},{Said},{Called}]", "Be brief.", names);
        Assert.Equal("input[2].arguments", names.Translate(ApiException.BadRequest("x", "messages[2].tool_calls[0].function.arguments")).Parameter);
        Assert.Equal("input[1].content[0].text", names.Translate(ApiException.BadRequest("x", "messages[2].content[0].text")).Parameter);
        ApiException system = names.Translate(ApiException.BadRequest("messages[0].content is wrong", "messages[0].content"));
        Assert.Equal(("instructions.content", "instructions.content is wrong"), (system.Parameter, system.Message));
        Assert.Equal("temperature", names.Translate(ApiException.BadRequest("x", "temperature")).Parameter);
    }

    private static JsonElement Messages(string input, string? instructions, FieldNames? names = null)
    {
        JsonElement body = JsonElement.Parse($$"""{"input":{{input}}}""");
        byte[] chat = ResponseJson.Bytes(json =>
        {
            json.WriteStartObject();
            new ResponseConversation(null, ResponseInput.Read(new(body))).Write(json, names ?? new(), instructions, first: 0);
            json.WriteEndObject();
        });
        return JsonElement.Parse(Encoding.UTF8.GetString(chat)).GetProperty("messages");
    }
}
