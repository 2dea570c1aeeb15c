using System.Text.Json;

namespace Folio.Grammars;

/// <summary>What a shape asks of objects.</summary>
internal sealed class ObjectShape
{
    private const int MostPatterns = 4; // each subset of them is a kind of key

    private readonly Part[] _parts;
    private readonly Shape _shape;
    private readonly SchemaCompiler _compiler;
    private readonly List<Conjunction> _keys = [];
    private readonly SchemaNode? _unevaluated;

    public ObjectShape(Shape shape, SchemaCompiler compiler)
    {
        (_shape, _compiler) = (shape, compiler);
        _parts = [.. shape.Schemas.Select(schema => new Part(schema, compiler))];
        foreach ((SchemaNode schema, _) in shape.With("propertyNames")) _keys.Add(compiler.All([compiler.Document.Child(schema, "propertyNames")]));
        _unevaluated = compiler.Unevaluated(shape, "unevaluatedProperties");
        Least = shape.Least("minProperties");
        Most = shape.Most("maxProperties");
        var names = new List<string>();
        var known = new HashSet<string>();
        foreach (Part part in _parts) names.AddRange(part.Properties.Keys.Where(known.Add));
        foreach ((SchemaNode schema, JsonElement required) in shape.With("required"))
        {
            if (required.ValueKind != JsonValueKind.Array) throw schema.Error("required must be a list of names");
            foreach (JsonElement each in required.EnumerateArray())
            {
                string name = each.ValueKind == JsonValueKind.String ? each.GetString()! : throw schema.Error("required must be a list of names");
                Required.Add(name);
                if (known.Add(name)) names.Add(name);
            }
        }

        Names = names;
    }

    /// <summary>Keys that a schema names, in the order in which they are written.</summary>
    public IReadOnlyList<string> Names { get; }

    public HashSet<string> Required { get; } = [];

    public int Least { get; }

    public int? Most { get; }

    /// <returns>What a member's value must have; null: there may be no such key.</returns>
    public Conjunction? Member(string name)
    {
        if (_keys.Count > 0)
        {
            JsonElement key = JsonElement.Parse(SchemaNegation.Quote(name));
            if (!_keys.TrueForAll(each => _compiler.HasValue(each, key))) return null;
        }

        return Value(part => part.Matching(name, _compiler));
    }

    /// <summary>Keys that no schema names: which texts they are (null: any), and what their values must have.</summary>
    public IEnumerable<(TextAutomaton? Key, Conjunction Value)> Others()
    {
        Budget budget = _compiler.Table.Budget;
        string[] patterns = [.. _parts.SelectMany(part => part.Patterns).Select(each => each.Pattern).Distinct()];
        if (patterns.Length > MostPatterns) throw _shape.Schemas[0].Unsupported($"an object with more than {MostPatterns} patternProperties");
        for (int subset = 0; subset < 1 << patterns.Length; subset++)
        {
            bool Has(string pattern) => (subset >> Array.IndexOf(patterns, pattern) & 1) == 1;
            Conjunction value = Value(part => part.Patterns.Where(each => Has(each.Pattern)).Select(each => each.Schema));
            if (value.Terms.Any(term => term.Schema.IsFalse)) continue;
            if (patterns.Length == 0 && _keys.Count == 0)
            {
                yield return (Names.Count == 0 ? null : TextAutomaton.Except(Names, budget), value);
                continue;
            }

            List<TextAutomaton> all = [.. patterns.Where(Has).Select(Language), .. _keys.Select(KeyLanguage), TextAutomaton.Except(Names, budget)];
            yield return (TextDfa.Combine(all, [.. patterns.Where(pattern => !Has(pattern)).Select(Language)], budget), value);
        }
    }

    /// <summary>All schemas together: each part's own for the key, or its additionalProperties where it has none.</summary>
    private Conjunction Value(Func<Part, IEnumerable<SchemaNode>> matching)
    {
        var all = new List<SchemaNode>();
        bool evaluated = false;
        foreach (Part part in _parts)
        {
            SchemaNode[] own = [.. matching(part)];
            if (own.Length == 0 && part.Additional is { } additional) own = [additional];
            all.AddRange(own);
            evaluated |= own.Length > 0 && !part.Schema.Derived;
        }

        if (!evaluated && _unevaluated is not null) all.Add(_unevaluated);
        return _compiler.All(all);
    }

    private TextAutomaton Language(string pattern) => _compiler.Patterns.Anywhere(_shape.Schemas[0], "patternProperties", pattern);

    private TextAutomaton KeyLanguage(Conjunction keys)
    {
        Expansion expansion = _compiler.Expand(keys);
        if (expansion.Alternatives is not null) throw _shape.Schemas[0].Unsupported("propertyNames with alternatives");
        if (expansion.Shape is not { } shape || !shape.Types.HasFlag(JsonTypes.String)) return TextAutomaton.OfTexts([], _compiler.Table.Budget);
        if (!shape.With("enum").Concat(shape.With("const")).Any()) return _compiler.Strings(shape).Language();
        return TextAutomaton.OfTexts(InstanceCheck.Listed(shape).Where(value => value.ValueKind == JsonValueKind.String && _compiler.HasValue(keys, value)).Select(value => value.GetString()!), _compiler.Table.Budget);
    }

    /// <summary>One schema's own keywords of objects.</summary>
    private sealed class Part
    {
        public Part(SchemaNode schema, SchemaCompiler compiler)
        {
            Schema = schema;
            foreach ((string name, SchemaNode property) in compiler.Document.Named(schema, "properties")) Properties[name] = property;
            Patterns = [.. compiler.Document.Named(schema, "patternProperties").Select(each => (each.Name, each.Schema))];
            Additional = schema.Has("additionalProperties") ? compiler.Document.Child(schema, "additionalProperties") : null;
        }

        public SchemaNode Schema { get; }

        public OrderedDictionary<string, SchemaNode> Properties { get; } = [];

        public IReadOnlyList<(string Pattern, SchemaNode Schema)> Patterns { get; }

        public SchemaNode? Additional { get; }

        public IEnumerable<SchemaNode> Matching(string name, SchemaCompiler compiler)
        {
            if (Properties.TryGetValue(name, out SchemaNode? property)) yield return property;
            foreach ((string pattern, SchemaNode schema) in Patterns)
            {
                if (compiler.Patterns.Anywhere(Schema, "patternProperties", pattern).Matches(name)) yield return schema;
            }
        }
    }
}
