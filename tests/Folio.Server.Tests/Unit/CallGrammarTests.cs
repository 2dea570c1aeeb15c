using System.Text;
using System.Text.Json;
using Folio.Chat;
using Folio.Grammars;

namespace Folio.Server.Tests;

public sealed class CallGrammarTests
{
    private const string Tools =
        """
        [{"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}},"required":["city"]}}},
         {"type":"function","function":{"name":"now"}}]
        """;

    private static readonly TokenVocabulary Bytes = new([.. Enumerable.Range(0, 256).Select(value => new[] { (byte)value })]);

    public static TheoryData<string> Formats => [.. ToolFormat.ByName.Keys];

    [Theory, MemberData(nameof(Formats))]
    public void Every_format_holds_calls_to_their_schemas_and_reads_what_it_forced(string name)
    {
        MessageFormat format = new(ToolFormat.ByName[name], null);
        CallFrame frame = format.Tools!.Frame;
        TokenGrammar one = Compile("required", format, parallel: false), several = Compile("required", format);
        string weather = frame.Write([("get_weather", """{"city": "Bern", "days": 2}""")]), both = frame.Write([("get_weather", """{"city": "Bern"}"""), ("now", "{}")]);
        Assert.True(Accepts(one, weather));
        Assert.True(Accepts(several, weather));
        Assert.True(Accepts(several, both));
        Assert.False(Accepts(one, both));
        foreach (string arguments in (string[])["\"Bern\"", "{}", """{"city": 5}""", """{"city": "Bern", "other": 1}""", "null"]) Assert.False(Accepts(several, frame.Write([("get_weather", arguments)])), arguments);
        Assert.False(Accepts(several, frame.Write([("unknown", "{}")])));
        Assert.False(Accepts(several, "Sure!"));

        MessageParser parser = format.CreateParser(new() { Tools = [], IsForced = true });
        AssembledMessage message = new();
        foreach (MessageDelta delta in parser.Append(both).Concat(parser.End())) message.Add(delta);
        Assert.Equal(["get_weather", "now"], message.Calls.Select(call => call.Name));
    }

    [Fact]
    public void Arguments_are_written_as_templates_write_them()
    {
        TokenGrammar named = Compile("""{"type":"function","function":{"name":"get_weather"}}""", new(ToolFormat.Hermes, null));
        Assert.True(Accepts(named, Written("""{"city": "Bern", "days": 2}""")));
        foreach (string arguments in (string[])["""{"city":"Bern"}""", """{"city":  "Bern"}""", """{ "city": "Bern"}""", "{\n\"city\": \"Bern\"}", """{"city": "Bern" }"""]) Assert.False(Accepts(named, Written(arguments)), arguments);

        static string Written(string arguments) => ToolFormat.Hermes.Frame.Write([("get_weather", arguments)]);
    }

    [Fact]
    public void A_named_tool_is_called_once_and_no_other()
    {
        TokenGrammar named = Compile("""{"type":"function","function":{"name":"now"}}""", new(ToolFormat.Hermes, null));
        CallFrame frame = ToolFormat.Hermes.Frame;
        Assert.True(Accepts(named, frame.Write([("now", "{}")])));
        Assert.False(Accepts(named, frame.Write([("now", "{}"), ("now", "{}")])));
        Assert.False(Accepts(named, frame.Write([("get_weather", """{"city": "Bern"}""")])));
    }

    [Theory]
    [InlineData("{}", """{"type":"object","additionalProperties":false}""")]
    [InlineData("""{"properties":{"a":{}}}""", """{"type":"object","properties":{"a":{}},"additionalProperties":false}""")]
    [InlineData("""{"type":["object","null"],"properties":{}}""", """{"type":"object","properties":{},"additionalProperties":false}""")]
    [InlineData("""{"type":"object","additionalProperties":true}""", """{"type":"object","additionalProperties":true}""")]
    [InlineData("""{"type":"object","properties":{},"required":["a"]}""", """{"type":"object","properties":{},"required":["a"]}""")]
    [InlineData("""{"$ref":"#/$defs/a","$defs":{"a":{"type":"object"}}}""", """{"type":"object","$ref":"#/$defs/a","$defs":{"a":{"type":"object"}}}""")]
    public void Arguments_are_an_object_without_members_that_nobody_named(string parameters, string schema) =>
        Assert.Equal(schema, ToolSchema.OfArguments(new("f", JsonElement.Parse(parameters)), 0));

    [Fact]
    public void Parameters_of_another_type_are_refused() =>
        Assert.Equal("tools[3].function.parameters.type", Assert.Throws<ApiException>(() => ToolSchema.OfArguments(new("f", JsonElement.Parse("""{"type":"array"}""")), 3)).Parameter);

    private static TokenGrammar Compile(string choice, MessageFormat format, bool parallel = true)
    {
        string quoted = choice.StartsWith('{') ? choice : $"\"{choice}\"";
        var tools = ToolFields.Read(new(JsonElement.Parse($"{{\"tools\":{Tools},\"tool_choice\":{quoted},\"parallel_tool_calls\":{(parallel ? "true" : "false")}}}")));
        return new(CallGrammar.Of(tools, format).Grammar.Compile(), Bytes);
    }

    private static bool Accepts(TokenGrammar grammar, string text)
    {
        GrammarState state = grammar.Start;
        return grammar.TryAccept(ref state, Encoding.UTF8.GetBytes(text)) && TokenGrammar.IsComplete(state);
    }
}
