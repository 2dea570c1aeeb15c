using System.Text.Json;

namespace Folio.Grammars;

/// <summary>Writes JSON schemas (draft 2020-12) as rules: one for each conjunction of schemas that comes up.</summary>
/// <remarks>
/// How values are written: members in the order of the schema's <c>properties</c> (then of <c>required</c>), unnamed ones behind them; between tokens nothing, one space, or a line's end
/// and up to 20 spaces or tabs; integers without fraction or exponent, limited numbers without exponent; named keys and enumerated strings with no more escapes than JSON asks.
/// </remarks>
internal sealed class SchemaCompiler
{
    private readonly Dictionary<string, int> _rules = [];
    private readonly Queue<(int Rule, Conjunction Conjunction)> _work = new();
    private readonly Dictionary<string, bool> _disjoint = [];
    private readonly SchemaExpansion _expansion;
    private readonly InstanceCheck _check;
    private int _string = -1;

    private SchemaCompiler(SchemaDocument document, NodeTable table, TextNodes text, SchemaPatterns patterns, bool fixedSpace, bool scratch)
    {
        (Document, Table, Text, Patterns) = (document, table, text, patterns);
        Negation = new(document);
        _expansion = new(document, Negation, table.Budget, scratch ? null : AreDisjoint);
        Space = new(table, fixedSpace);
        _check = new(this);
    }

    public SchemaDocument Document { get; }

    public NodeTable Table { get; }

    public TextNodes Text { get; }

    public SchemaPatterns Patterns { get; }

    public SchemaNegation Negation { get; }

    public JsonSpace Space { get; }

    /// <returns>The rule of the schema's values.</returns>
    public static int Compile(JsonElement schema, bool fixedSpace, NodeTable table, TextNodes text)
    {
        try
        {
            var document = new SchemaDocument(schema, table.Budget);
            var compiler = new SchemaCompiler(document, table, text, new(table.Budget), fixedSpace, scratch: false);
            return compiler.Compile(compiler.All([document.Root]));
        }
        catch (InvalidOperationException error) when (error is not ObjectDisposedException)
        {
            throw new GrammarException("the schema can't be used: a string in it has half a surrogate pair, or a value is of the wrong type.");
        }
    }

    public Expansion Expand(Conjunction conjunction) => _expansion.Expand(conjunction);

    /// <summary>Schemas that must all hold; one that only refers to another is that other.</summary>
    public Conjunction All(IEnumerable<SchemaNode> schemas) => Conjunction.Of(schemas.Select(Referred));

    public bool HasValue(Conjunction conjunction, JsonElement value) => _check.Has(conjunction, value);

    /// <summary>What holds for members or items that nothing else in the shape has looked at.</summary>
    /// <returns>Null: anything.</returns>
    public SchemaNode? Unevaluated(Shape shape, string keyword)
    {
        SchemaNode? result = null;
        bool all = false;
        foreach ((SchemaNode schema, JsonElement value) in shape.With(keyword))
        {
            if (value.ValueKind == JsonValueKind.True) all = true; // that schema looks at all of them
            else if (schema != shape.Seed) throw schema.Unsupported($"{keyword} in a schema that is a part of another");
            else result = Document.Child(schema, keyword);
        }

        return all ? null : result;
    }

    public StringShape Strings(Shape shape) => shape.Strings ??= new(shape, Patterns, Table.Budget);

    /// <returns>The rule of the values that all of the conjunction's schemas have; it may still have to be written.</returns>
    public int RuleFor(Conjunction conjunction)
    {
        string key = conjunction.Key;
        if (_rules.TryGetValue(key, out int rule)) return rule;
        _rules[key] = rule = Table.AddRule(conjunction.Terms.Count == 0 ? "any JSON" : $"#{conjunction.Terms[0].Schema.Path}");
        _work.Enqueue((rule, conjunction));
        return rule;
    }

    /// <summary>A string of whatever characters, quotes included, leads from one node to the other.</summary>
    public void AnyString(int from, int to)
    {
        if (_string < 0)
        {
            _string = Table.AddRule("string");
            int inside = Table.AddNode();
            Table.Bytes(Table.Rules[_string].Start, '"', inside);
            Text.AnyInJsonString(inside, inside);
            Table.Bytes(inside, '"', Table.Rules[_string].End);
        }

        Table.Call(from, _string, to);
    }

    public void String(TextAutomaton text, int from, int to)
    {
        int open = Table.AddNode(), close = Table.AddNode();
        Table.Bytes(from, '"', open);
        Text.Write(text, open, close, json: true);
        Table.Bytes(close, '"', to);
    }

    private SchemaNode Referred(SchemaNode schema)
    {
        var seen = new HashSet<SchemaNode>();
        while (seen.Add(schema) && schema.Get("$ref") is { ValueKind: JsonValueKind.String } reference && schema.Element.EnumerateObject().All(keyword => keyword.Name == "$ref" || SchemaKeywords.IsNote(keyword.Name)))
        {
            schema = Document.Resolve(schema, reference.GetString()!);
        }

        return schema;
    }

    private int Compile(Conjunction root)
    {
        int rule = RuleFor(root);
        while (_work.TryDequeue(out (int Rule, Conjunction Conjunction) next)) Write(next.Rule, next.Conjunction);
        return rule;
    }

    private void Write(int rule, Conjunction conjunction)
    {
        (int from, int to) = (Table.Rules[rule].Start, Table.Rules[rule].End);
        Expansion expansion = Expand(conjunction);
        foreach (Conjunction alternative in expansion.Alternatives ?? []) Table.Call(from, RuleFor(alternative), to);
        if (expansion.Shape is not { } shape) return;
        if (shape.With("enum").Concat(shape.With("const")).Any()) WriteValues(shape, from, to);
        else WriteTypes(shape, from, to);
    }

    private void WriteTypes(Shape shape, int from, int to)
    {
        JsonElement[] excluded = [.. shape.Excluded()];
        foreach (JsonElement value in excluded)
        {
            if ((shape.Types & JsonValues.TypeOf(value)) != 0 && value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
                throw shape.Schemas[0].Unsupported("excluding (by not, else or an overlapping oneOf) an object or a list from enum or const");
        }

        if (shape.Types.HasFlag(JsonTypes.Null) && !excluded.Any(value => value.ValueKind == JsonValueKind.Null)) Table.Literal(from, "null"u8, to);
        if (shape.Types.HasFlag(JsonTypes.Boolean))
        {
            if (!excluded.Any(value => value.ValueKind == JsonValueKind.True)) Table.Literal(from, "true"u8, to);
            if (!excluded.Any(value => value.ValueKind == JsonValueKind.False)) Table.Literal(from, "false"u8, to);
        }

        WriteNumbers(shape, from, to);
        if (shape.Types.HasFlag(JsonTypes.String)) WriteStrings(Strings(shape), from, to);
        if (shape.Types.HasFlag(JsonTypes.Array)) ArrayNodes.Write(this, shape, from, to);
        if (shape.Types.HasFlag(JsonTypes.Object)) ObjectNodes.Write(this, shape, from, to);
    }

    private void WriteNumbers(Shape shape, int from, int to)
    {
        JsonTypes types = shape.Types & (JsonTypes.Integer | JsonTypes.Fraction);
        if (types == JsonTypes.None) return;
        if (types == JsonTypes.Fraction) throw shape.Schemas[0].Unsupported("a number that is no integer");
        NumberRange range = shape.Numbers;
        if (!range.Unlimited || types == JsonTypes.Integer)
        {
            int start = Table.AddNode();
            Table.Join(from, start);
            range.Write(Table, start, to, types == JsonTypes.Integer);
            return;
        }

        int number = Table.AddNode();
        Table.Join(from, number);
        new JsonNumber(Table).Write(number, to);
    }

    private void WriteStrings(StringShape strings, int from, int to)
    {
        if (strings.Unlimited) AnyString(from, to);
        else if (!strings.Empty) String(strings.Language(), from, to);
    }

    /// <summary>Enumerated values, those that everything else in the shape allows.</summary>
    private void WriteValues(Shape shape, int from, int to)
    {
        var texts = new Dictionary<string, byte[]>();
        HashSet<string> excluded = [.. shape.Excluded().Select(JsonValues.Key)];
        foreach (JsonElement value in InstanceCheck.Listed(shape))
        {
            Table.Budget.Spend(16);
            string key = JsonValues.Key(value);
            if ((shape.Types & JsonValues.TypeOf(value)) != 0 && !excluded.Contains(key) && _check.HasParts(shape, value)) texts[key] = JsonValues.Compact(value);
        }

        int start = Table.AddNode();
        Table.Join(from, start);
        Table.Literals(start, texts.Values, to);
    }

    /// <summary>Whether no value at all has both branches, and what stands beside them: then at most one holds.</summary>
    private bool AreDisjoint(Conjunction both)
    {
        string key = both.Key;
        if (_disjoint.TryGetValue(key, out bool known)) return known;
        var table = new NodeTable(Table.Budget);
        var scratch = new SchemaCompiler(Document, table, new(table), Patterns, fixedSpace: true, scratch: true);
        return _disjoint[key] = !GrammarLinker.HasText(table, scratch.Compile(both));
    }
}
