using System.Text.Json;
using System.Text.RegularExpressions;

namespace Folio.Server.Tests;

/// <summary>What an answer is asked to obey, it obeys; what can't be obeyed is a 400 and hurts nobody else (scenario B15).</summary>
public sealed class StructuredOutputTests(ServedFixture fixture) : IClassFixture<ServedFixture>
{
    private const string Person = """{"type":"object","properties":{"name":{"type":"string","maxLength":8},"age":{"type":"integer","minimum":0,"maximum":120}},"required":["name","age"],"additionalProperties":false}""";
    private const string Hello = "\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}],\"max_tokens\":400";

    private Server Server => fixture.Server;

    public static TheoryData<string> Seeds => ["schema", "regex", "choice", "grammar"];

    [Theory, MemberData(nameof(Seeds))]
    public async Task A_hundred_seeds_obey(string kind)
    {
        string asked = kind switch
        {
            "schema" => $"{{\"response_format\":{{\"type\":\"json_schema\",\"json_schema\":{{\"name\":\"p\",\"strict\":true,\"schema\":{Person}}}}}}}",
            "regex" => """{"structured_outputs":{"regex":"\\d{3}-\\d{4}"}}""",
            "choice" => """{"structured_outputs":{"choice":["yes","no","not yet"]}}""",
            _ => """{"structured_outputs":{"grammar":"root ::= num \"+\" num\nnum ::= [0-9] [0-9]?"}}""",
        };
        await Parallel.ForAsync(0, 100, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (seed, _) =>
        {
            Reply reply = (await Server.ChatAsync($"{{{Hello},\"seed\":{seed},{asked[1..]}")).Ok();
            string text = reply.Choice.GetProperty("message").GetProperty("content").GetString()!;
            Assert.Equal("stop", reply.Choice.GetProperty("finish_reason").GetString());
            bool obeys = kind switch
            {
                "schema" => IsPerson(text),
                "regex" => Regex.IsMatch(text, @"^\d{3}-\d{4}\z"),
                "choice" => text is "yes" or "no" or "not yet",
                _ => Regex.IsMatch(text, @"^\d{1,2}\+\d{1,2}\z"),
            };
            Assert.True(obeys, text);
        });
    }

    [Theory]
    [InlineData("""{"response_format":{"type":"json_object"}}"""), InlineData("""{"structured_outputs":{"json_object":true}}""")]
    [InlineData("""{"structured_outputs":{"json":"{\"const\":{\"a\":[1]}}","regex":null}}"""), InlineData("""{"guided_json":{"const":{"a":[1]}}}"""), InlineData("""{"guided_grammar":"root ::= \"{}\""}""")]
    public async Task Json_is_asked_for_in_many_ways(string asked)
    {
        Reply reply = (await Server.ChatAsync($"{{{Hello},\"seed\":3,{asked[1..]}")).Ok();
        string text = reply.Choice.GetProperty("message").GetProperty("content").GetString()!;
        Assert.StartsWith("{", text, StringComparison.Ordinal);
        if (reply.Choice.GetProperty("finish_reason").GetString() == "stop") JsonElement.Parse(text);
    }

    [Theory]
    [InlineData("""{"structured_outputs":{"json":@,"disable_any_whitespace":true}}"""), InlineData("""{"response_format":{"type":"json_schema","json_schema":{"name":"p","schema":@}},"structured_outputs":{"disable_any_whitespace":true}}""")]
    public async Task White_space_may_be_fixed(string asked)
    {
        Reply reply = (await Server.ChatAsync($"{{{Hello},\"seed\":3,{asked.Replace("@", Person, StringComparison.Ordinal)[1..]}")).Ok();
        Assert.Matches("""^\{"name": ".*", "age": \d+\}$""", reply.Choice.GetProperty("message").GetProperty("content").GetString());
    }

    [Fact]
    public async Task Completions_obey_too_and_stream()
    {
        Reply whole = (await Server.CompleteAsync("""{"prompt":"Call me:","max_tokens":20,"n":2,"temperature":1,"seed":5,"guided_regex":"[0-9]{3}"}""")).Ok();
        Reply stream = (await Server.CompleteAsync("""{"prompt":"Call me:","max_tokens":20,"n":2,"temperature":1,"seed":5,"guided_regex":"[0-9]{3}","stream":true}""")).Ok();
        for (int index = 0; index < 2; index++)
        {
            string text = whole.Json.GetProperty("choices")[index].GetProperty("text").GetString()!;
            Assert.Matches("^[0-9]{3}$", text);
            Assert.Equal(text, string.Concat(stream.Events.SelectMany(chunk => chunk.GetProperty("choices").EnumerateArray()).Where(choice => choice.GetProperty("index").GetInt32() == index).Select(choice => choice.GetProperty("text").GetString())));
        }
    }

    [Theory]
    [InlineData("""{"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"foo":1}}}}""", "response_format", "foo")]
    [InlineData("""{"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"array","uniqueItems":true}}}}""", "response_format", "uniqueItems")]
    [InlineData("""{"response_format":{"type":"xml"}}""", "response_format", "json_schema"), InlineData("""{"response_format":{"type":"json_schema"}}""", "response_format", "json_schema")]
    [InlineData("""{"structured_outputs":{"regex":"("}}""", "structured_outputs.regex", "no )"), InlineData("""{"structured_outputs":{"regex":7}}""", "structured_outputs.regex", "string")]
    [InlineData("""{"structured_outputs":{"choice":[]}}""", "structured_outputs.choice", "at least one"), InlineData("""{"structured_outputs":{"grammar":"start: a"}}""", "structured_outputs.grammar", "::=")]
    [InlineData("""{"structured_outputs":{}}""", "structured_outputs", "nothing to obey"), InlineData("""{"structured_outputs":{"structural_tag":{}}}""", "structured_outputs.structural_tag", "supported")]
    [InlineData("""{"structured_outputs":{"regex":"a","choice":["a"]}}""", "structured_outputs.choice", "both"), InlineData("""{"guided_json":"{","guided_regex":null}""", "guided_json", "JSON")]
    [InlineData("""{"guided_json":{"$ref":"http://example.com/a"}}""", "guided_json", "out of the document"), InlineData("""{"guided_choice":"a"}""", "guided_choice", "list")]
    public async Task What_cannot_be_obeyed_is_refused_with_the_reason(string asked, string parameter, string reason) => (await Server.ChatAsync($"{{{Hello},{asked[1..]}")).Refused(400, parameter, reason);

    [Fact]
    public async Task A_pathological_pattern_is_refused_and_others_are_answered_meanwhile()
    {
        Task<Reply> slow = Server.ChatAsync("{" + Hello + ""","guided_json":{"type":"string","pattern":"^(a|b)*a(a|b){18}$","maxLength":100}}""");
        for (int i = 0; i < 3; i++) (await Server.ChatAsync($"{{{Hello},\"guided_choice\":[\"answer {i}\"]}}")).Ok();
        (await slow).Refused(400, "guided_json");
        (await Server.ChatAsync($"{{{Hello},\"max_completion_tokens\":1}}")).Ok();
    }

    [Theory]
    [InlineData("false"), InlineData("true")]
    public async Task A_grammar_and_allowed_ids_that_leave_nothing_are_the_client_s_fault(string stream)
    {
        string text = (await Server.ChatAsync($"{{{Hello},\"guided_choice\":[\"yes\"],\"allowed_token_ids\":[0,1],\"stream\":{stream}}}")).Text;
        Assert.Contains("excludes every id", text);
        Assert.Contains("\"code\":400", text);
    }

    private static bool IsPerson(string text)
    {
        JsonElement person = JsonElement.Parse(text);
        return person.GetProperty("age").GetInt32() is >= 0 and <= 120 && person.GetProperty("name").GetString()!.EnumerateRunes().Count() <= 8 && person.EnumerateObject().Count() == 2;
    }
}
