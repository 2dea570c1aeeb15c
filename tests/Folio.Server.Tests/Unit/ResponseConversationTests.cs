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
    public void What_the_system_says_at_the_beginning_is_one_message()
    {
        var names = new FieldNames();
        JsonElement messages = Messages("""[{"role":"developer","content":"Be kind."},{"role":"system","content":[{"type":"input_text","text":"Be"},{"type":"input_text","text":"true."}]},{"role":"user","content":"Why?"}]""", "Be brief.", names);
        Assert.Equal(["system", "user"], messages.EnumerateArray().Select(message => message.GetProperty("role").GetString()));
        Assert.Equal(["Be brief.", "Be kind.", "Be", "true."], messages[0].GetProperty("content").EnumerateArray().Select(part => part.GetProperty("text").GetString()));
        Assert.Equal("instructions", names.Translate(ApiException.BadRequest("x", "messages[0].content[0]")).Parameter);
        Assert.Equal("input[1].content[1].text", names.Translate(ApiException.BadRequest("x", "messages[0].content[3].text")).Parameter);
        Assert.Equal(["system", "user"], Messages("""[{"role":"developer","content":"Be kind."},{"role":"user","content":"Why?"}]""", null).EnumerateArray().Select(message => message.GetProperty("role").GetString()));
    }

    [Theory]
    [InlineData("""{"city":"Be""", "{}")]
    [InlineData("""{"a":1,"city":"Be""", """{"a":1}""")]
    [InlineData("""{"a":1,"a":2}""", "{}")]
    [InlineData("""{"a":"\ud800"}""", "{}")]
    [InlineData("""{"a":nonsense}""", "{}")]
    [InlineData("""{"a":[1,{"b":2},""", """{"a":[1,{"b":2}]}""")]
    [InlineData("", "{}")]
    [InlineData("[1]", "{}")]
    [InlineData("""{ "a": 1 }""", """{ "a": 1 }""")]
    public void What_the_model_wrote_of_a_call_is_mended_where_the_conversation_goes_on(string written, string expected)
    {
        JsonElement call = JsonSerializer.SerializeToElement(new { type = "function_call", id = "fc", call_id = "c", name = "f", arguments = written });
        var before = new ConversationTurn(null, "[]"u8.ToArray(), Encoding.UTF8.GetBytes($"[{call.GetRawText()}]"));
        byte[] chat = WrittenJson.Bytes(json =>
        {
            json.WriteStartObject();
            new ResponseConversation(before, ResponseInput.Read(new(JsonElement.Parse($$"""{"input":[{{Result}}]}""")))).Write(json, new(), null, first: 0);
            json.WriteEndObject();
        });
        JsonElement messages = JsonElement.Parse(chat).GetProperty("messages");
        Assert.Equal(expected, messages[0].GetProperty("tool_calls")[0].GetProperty("function").GetProperty("arguments").GetString());
        using var read = ChatMessages.Read(new(JsonElement.Parse(chat)), "");
    }

    [Fact]
    public void A_result_goes_with_its_call_where_the_beginning_is_left_out() =>
        Assert.Equal(["user", "user"], Messages($"[{Called},{Asked},{Result},{Asked}]", null, first: 1).EnumerateArray().Select(message => message.GetProperty("role").GetString()));

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

    private static JsonElement Messages(string input, string? instructions, FieldNames? names = null, int first = 0)
    {
        JsonElement body = JsonElement.Parse($$"""{"input":{{input}}}""");
        byte[] chat = WrittenJson.Bytes(json =>
        {
            json.WriteStartObject();
            new ResponseConversation(null, ResponseInput.Read(new(body))).Write(json, names ?? new(), instructions, first);
            json.WriteEndObject();
        });
        return JsonElement.Parse(Encoding.UTF8.GetString(chat)).GetProperty("messages");
    }
}
