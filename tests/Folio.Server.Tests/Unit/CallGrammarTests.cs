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

    /// <summary>As gpt-oss, Mistral and DeepSeek have them: a call begins with the token that the model was taught, not with its spelling.</summary>
    [Theory, MemberData(nameof(Formats))]
    public void Marks_that_are_special_tokens_of_the_model_are_these_tokens(string name)
    {
        MessageFormat format = new(ToolFormat.ByName[name], ReasoningFormat.Think);
        string[] texts = [.. format.Marks(calls: true)];
        MarkTokens marks = new([.. texts.Select((text, index) => (text, 256 + index))]);
        string call = format.Tools!.Frame.Write([("get_weather", """{"city": "Bern"}""")]);
        bool hasMarks = texts.Any(mark => call.Contains(mark, StringComparison.Ordinal));
        TokenGrammar grammar = Compile("required", format, marks: marks);
        Assert.Equal(!hasMarks, Accepts(grammar, call));
        int[] ids = Encode(call, texts);
        Assert.True(Accepts(grammar, ids));
        Assert.False(Accepts(grammar, [.. Encode(call.Replace("Bern", "Be", StringComparison.Ordinal), texts)[..^1], 256, ids[^1]])); // nowhere else, a string included
        if (ids[0] < 256) return;

        ulong[] mask = new ulong[grammar.Vocabulary.MaskWords];
        Assert.True(grammar.FillMask(grammar.Start, mask));
        Assert.Equal(1UL << (ids[0] & 63), mask[ids[0] >> 6]);
        Assert.Equal(1, mask.Sum(word => System.Numerics.BitOperations.PopCount(word)));
        Assert.Equal(ids[0], grammar.Forced(grammar.Start)[0]);
    }

    [Fact]
    public void Reasoning_ends_with_its_mark_as_a_token_or_spelled()
    {
        MarkTokens marks = new(("<think>", 256), ("</think>", 257));
        var choice = new StructuredOutput(Grammar.Choice(["yes"]), "f");
        TokenVocabulary vocabulary = WithMarks(marks);
        TokenGrammar open = new(choice.Behind(ReasoningFormat.Think, isOpen: true, marks).Grammar.Compile(), vocabulary), closed = new(choice.Behind(ReasoningFormat.Think, isOpen: false, marks).Grammar.Compile(), vocabulary);
        Assert.True(Accepts(open, "hm, </thin</think>yes"));
        Assert.True(Accepts(open, [.. Ascii("hm, </thin"), 257, .. Ascii("yes")]));
        Assert.False(Accepts(open, [.. Ascii("hm"), 256, .. Ascii("hm"), 257, .. Ascii("yes")]));
        Assert.True(Accepts(closed, [256, .. Ascii("hm"), 257, .. Ascii("\nyes")]));
        Assert.True(Accepts(closed, "yes"));
        Assert.False(Accepts(closed, "<think>hm</think>yes"));
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

    private static TokenGrammar Compile(string choice, MessageFormat format, bool parallel = true, MarkTokens? marks = null)
    {
        string quoted = choice.StartsWith('{') ? choice : $"\"{choice}\"";
        var tools = ToolFields.Read(new(JsonElement.Parse($"{{\"tools\":{Tools},\"tool_choice\":{quoted},\"parallel_tool_calls\":{(parallel ? "true" : "false")}}}")));
        return new(CallGrammar.Of(tools, format, marks ?? new()).Grammar.Compile(), marks is null ? Bytes : WithMarks(marks));
    }

    private static TokenVocabulary WithMarks(MarkTokens marks) =>
        new([.. Enumerable.Range(0, 256).Select(value => new[] { (byte)value }), .. marks.Ids.Select(_ => (byte[]?)null)], Ascii, marks.Ids);

    private static int[] Ascii(string text) => [.. Encoding.UTF8.GetBytes(text).Select(value => (int)value)];

    /// <summary>With marks as the tokens from 256 on.</summary>
    private static int[] Encode(string text, string[] marks)
    {
        List<int> ids = [];
        while (text.Length > 0)
        {
            int mark = Array.FindIndex(marks, each => text.StartsWith(each, StringComparison.Ordinal));
            string taken = mark < 0 ? text[..1] : marks[mark];
            ids.AddRange(mark < 0 ? Ascii(taken) : [256 + mark]);
            text = text[taken.Length..];
        }

        return [.. ids];
    }

    private static bool Accepts(TokenGrammar grammar, int[] tokens)
    {
        GrammarState state = grammar.Start;
        return tokens.All(token => grammar.TryAccept(ref state, token)) && TokenGrammar.IsComplete(state);
    }

    private static bool Accepts(TokenGrammar grammar, string text)
    {
        GrammarState state = grammar.Start;
        return grammar.TryAccept(ref state, Encoding.UTF8.GetBytes(text)) && TokenGrammar.IsComplete(state);
    }
}
