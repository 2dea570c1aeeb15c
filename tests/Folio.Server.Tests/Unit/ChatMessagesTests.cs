using System.Text.Json;

namespace Folio.Server.Tests;

public sealed class ChatMessagesTests
{
    [Theory]
    [InlineData("""[{"role":"user","content":"hi"}]""", """[{"role":"user","content":"hi"}]""")]
    [InlineData("""[{"role":"developer","content":"be brief"}]""", """[{"role":"system","content":"be brief"}]""")]
    [InlineData("""[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]""", """[{"role":"user","content":"a\nb"}]""")]
    [InlineData("""[{"role":"assistant","content":null}]""", """[{"role":"assistant","content":""}]""")]
    [InlineData("""[{"role":"assistant"}]""", """[{"role":"assistant","content":""}]""")]
    [InlineData("""[{"role":"function","content":"","name":"M"}]""", """[{"role":"function","content":"","name":"M"}]""")]
    [InlineData("""[{"role":"assistant","content":"a","thinking":"t","nmae":null}]""", """[{"role":"assistant","content":"a","thinking":"t"}]""")]
    [InlineData(
        """[{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"x\": 1}"}}]}]""",
        """[{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":{"x":1}}}]}]""")]
    [InlineData("""[{"role":"tool","name":"f","content":"4"}]""", """[{"role":"tool","content":"4","name":"f"}]""")]
    public void Messages_reach_the_template_in_one_form(string sent, string seen)
    {
        using ChatMessages messages = ChatMessages.Read(Of(sent), "{{ message.thinking }}");
        Assert.Equal(JsonElement.Parse(seen).ToString(), messages.Element.ToString());
    }

    [Theory]
    [InlineData("[]", "messages")]
    [InlineData("{}", "messages")]
    [InlineData("null", "messages")]
    [InlineData("[5]", "messages[0]")]
    [InlineData("""[{"content":"x"}]""", "messages[0].role")]
    [InlineData("""[{"role":"user","content":null}]""", "messages[0].content")]
    [InlineData("""[{"role":"user"}]""", "messages[0].content")]
    [InlineData("""[{"role":"user","content":7}]""", "messages[0].content")]
    [InlineData("""[{"role":"user","content":"a"},{"role":"user","content":[{"type":"image_url"}]}]""", "messages[1].content[0].type")]
    [InlineData("""[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{"}}]}]""", "messages[0].tool_calls[0].function.arguments")]
    [InlineData("""[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{\"a\":\"\\ud800\"}"}}]}]""", "messages[0].tool_calls[0].function.arguments")]
    public void A_message_that_cannot_be_used_is_named_by_its_place(string sent, string parameter) =>
        Assert.Equal(parameter, Assert.Throws<ApiException>(() => ChatMessages.Read(Of(sent), "{{ message.thinking }}")).Parameter);

    [Theory]
    [InlineData("""{"role":"assistant","content":"","tool_call":[]}""", "messages[0].tool_call")] // a beginning of what the template reads
    [InlineData("""{"role":"user","content":"q","conten":"q"}""", "messages[0].conten")]
    [InlineData("""{"role":"user","content":"q","strip":"q"}""", "messages[0].strip")] // what it calls
    [InlineData("""{"role":"user","content":"q","":"q"}""", "messages[0].")]
    [InlineData("""{"role":"user","content":"q","prefix":true}""", "messages[0].prefix")]
    [InlineData("""{"role":"tool_respons","content":"4"}""", "messages[0].role")]
    [InlineData("""{"role":"tool_response","content":"4"}""", null)]
    [InlineData("""{"role":"user","content":"q","prefix":false,"plan":"p"}""", null)]
    public void What_the_models_template_reads_by_its_whole_name_may_be_said(string message, string? refused)
    {
        const string template = "{% if message['role'] == 'tool_response' %}{{ message.tool_calls }}{{ message.content.strip() }}{{ message.plan}}{% endif %}";
        ApiException? error = Record.Exception(() => ChatMessages.Read(Of($"[{message}]"), template).Dispose()) as ApiException;
        Assert.Equal(refused, error?.Parameter);
    }

    private static Fields Of(string messages) => new(JsonElement.Parse($"{{\"messages\":{messages}}}"));
}
