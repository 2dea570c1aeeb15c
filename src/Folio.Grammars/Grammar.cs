using System.Text;
using System.Text.Json;

namespace Folio.Grammars;

/// <summary>A language that an answer must obey, before it is compiled: one source, or several put together.</summary>
/// <example>A tool call in a model's markup, its arguments by the tool's schema, one or more times:
/// <code>
/// Grammar call = Grammar.Sequence(Grammar.Literal("&lt;tool_call&gt;\n{\"name\": \"add\", \"arguments\": "), Grammar.JsonSchema(schema), Grammar.Literal("}\n&lt;/tool_call&gt;"));
/// CompiledGrammar compiled = Grammar.Repeat(call, 1, null).Compile(cancellation: cancellation);
/// </code>
/// </example>
public sealed class Grammar
{
    private readonly Action<GrammarWriter, int, int> _write;

    private Grammar(string key, Action<GrammarWriter, int, int> write) => (Key, _write) = (key, write);

    /// <summary>The sources, by which a compiled grammar can be kept: equal keys mean equal languages.</summary>
    public string Key { get; }

    /// <summary>Any JSON object.</summary>
    public static Grammar JsonObject(bool fixedSpace = false) => JsonSchema("""{"type":"object"}""", fixedSpace);

    /// <summary>Just this text.</summary>
    public static Grammar Literal(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return new(Part("text", text), (writer, from, to) => writer.Table.Literal(from, bytes, to));
    }

    /// <summary>JSON values that a schema (draft 2020-12) allows; see docs/structured-output.md for keywords and for how values are written.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="fixedSpace">One space behind commas and colons and none elsewhere, as Python's json.dumps writes, instead of white space of the model's choice.</param>
    public static Grammar JsonSchema(JsonElement schema, bool fixedSpace = false) => JsonSchema(schema.GetRawText(), fixedSpace);

    /// <inheritdoc cref="JsonSchema(JsonElement, bool)"/>
    public static Grammar JsonSchema(string schema, bool fixedSpace = false) => new(Part(fixedSpace ? "json-fixed" : "json", schema), (writer, from, to) =>
    {
        using JsonDocument document = Parse(schema);
        int rule = SchemaCompiler.Compile(document.RootElement, fixedSpace, writer.Table, writer.Text);
        writer.Table.Call(from, rule, to);
        writer.Schemas.Add((rule, document.RootElement.Clone()));
    });

    /// <summary>Texts that a regular expression matches as a whole; see docs/structured-output.md for what it may have.</summary>
    public static Grammar Regex(string pattern) => new(Part("regex", pattern), (writer, from, to) => writer.Text.Write(RegexPattern.Whole(pattern, writer.Table.Budget), from, to, json: false));

    /// <summary>One of these texts.</summary>
    public static Grammar Choice(IReadOnlyList<string> choices)
    {
        if (choices.Count == 0) throw new GrammarException("choice is empty; it must have at least one text.");
        return new(Part("choice", string.Concat(choices.Select(choice => Part("text", choice)))), (writer, from, to) =>
        {
            int start = writer.Table.AddNode();
            writer.Table.Join(from, start);
            writer.Table.Literals(start, choices.Select(Encoding.UTF8.GetBytes), to);
        });
    }

    /// <summary>A grammar in llama.cpp's form (GBNF); its first rule is <c>root</c>.</summary>
    public static Grammar Gbnf(string source) => new(Part("gbnf", source), (writer, from, to) => writer.Table.Call(from, GbnfParser.Parse(source, writer.Table, writer.Text), to));

    /// <summary>A mark of the vocabulary: a token that is no text, which nothing else in a grammar allows.</summary>
    public static Grammar Token(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        return new(Part("token", FormattableString.Invariant($"{id}")), (writer, from, to) => writer.Table.Literal(from, MarkBytes.Of(id), to));
    }

    /// <summary>Any text up to and including the first occurrence of a mark.</summary>
    /// <param name="mark">Its text.</param>
    /// <param name="token">The token that it is too, or null.</param>
    public static Grammar TextThrough(string mark, int? token = null)
    {
        if (mark.Length == 0) throw new GrammarException("a mark that ends a text can't be empty.");
        byte[] bytes = Encoding.UTF8.GetBytes(mark);
        return new(Part("through", FormattableString.Invariant($"{token} {mark}")), (writer, from, to) => writer.TextThrough(bytes, token is { } id ? MarkBytes.Of(id) : [], from, to));
    }

    /// <summary>One after the other.</summary>
    public static Grammar Sequence(params IReadOnlyList<Grammar> parts) => new(Part("sequence", string.Concat(parts.Select(part => part.Key))), (writer, from, to) =>
    {
        foreach (Grammar part in parts)
        {
            int next = writer.Table.AddNode();
            part.WriteAsRule(writer, from, next);
            from = next;
        }

        writer.Table.Join(from, to);
    });

    /// <summary>One of them.</summary>
    public static Grammar AnyOf(params IReadOnlyList<Grammar> alternatives) => new(Part("any", string.Concat(alternatives.Select(part => part.Key))), (writer, from, to) =>
    {
        foreach (Grammar alternative in alternatives) alternative.WriteAsRule(writer, from, to);
    });

    /// <summary>So many times.</summary>
    /// <param name="most">Null: no end.</param>
    public static Grammar Repeat(Grammar item, int least, int? most)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(least);
        if (most < least) throw new GrammarException($"a repetition of {least} to {most} ends before it begins.");
        return new(Part($"repeat {least} {most}", item.Key), (writer, from, to) =>
        {
            int rule = item.Rule(writer);
            for (int i = 0; i < (most ?? least); i++)
            {
                if (i >= least) writer.Table.Join(from, to);
                writer.Table.Call(from, rule, from = writer.Table.AddNode());
            }

            int end = writer.Table.AddNode();
            writer.Table.Join(from, end);
            if (most is null) writer.Table.Call(end, rule, end);
            writer.Table.Join(end, to);
        });
    }

    /// <exception cref="GrammarException">A source is wrong or asks for what isn't supported, nothing satisfies it, or it exceeds a limit.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public CompiledGrammar Compile(GrammarLimits? limits = null, CancellationToken cancellation = default)
    {
        var table = new NodeTable(new(limits ?? GrammarLimits.Default, cancellation));
        var writer = new GrammarWriter(table);
        return GrammarLinker.Link(table, Rule(writer)) ?? throw writer.NothingSatisfies();
    }

    private static JsonDocument Parse(string schema)
    {
        try
        {
            return JsonDocument.Parse(schema);
        }
        catch (JsonException error)
        {
            throw new GrammarException(error.LineNumber is { } line ? $"the schema isn't JSON, or nests deeper than 64 levels (line {line + 1}, byte {error.BytePositionInLine + 1})." : "the schema isn't JSON.");
        }
    }

    private static string Part(string kind, string source) => FormattableString.Invariant($"{kind} {source.Length}:{source}");

    private int Rule(GrammarWriter writer)
    {
        int rule = writer.Table.AddRule(Key[..Key.IndexOf(' ', StringComparison.Ordinal)]);
        _write(writer, writer.Table.Rules[rule].Start, writer.Table.Rules[rule].End);
        return rule;
    }

    /// <summary>In a rule of its own, so that neighbours can't leak into each other's loops.</summary>
    private void WriteAsRule(GrammarWriter writer, int from, int to) => writer.Table.Call(from, Rule(writer), to);
}
