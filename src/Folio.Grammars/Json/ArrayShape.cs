using System.Text.Json;

namespace Folio.Grammars;

/// <summary>What a shape asks of lists.</summary>
internal sealed class ArrayShape
{
    private readonly SchemaCompiler _compiler;
    private readonly (SchemaNode Schema, IReadOnlyList<SchemaNode> Prefix, SchemaNode? Items)[] _parts;
    private readonly SchemaNode? _unevaluated;

    public ArrayShape(Shape shape, SchemaCompiler compiler)
    {
        _compiler = compiler;
        _parts = [.. shape.Schemas.Select(schema => (schema, compiler.Document.Listed(schema, "prefixItems"), Rest(schema)))];
        _unevaluated = compiler.Unevaluated(shape, "unevaluatedItems");
        Prefix = _parts.Max(part => (int?)part.Prefix.Count) ?? 0;
        Least = shape.Least("minItems");
        Most = shape.Most("maxItems");
        ReadContains(shape);
        for (int index = 0; index <= Prefix && !(index >= Most); index++)
        {
            if (Item(index).Terms.Any(term => term.Schema.IsFalse)) Most = index;
        }

        foreach ((SchemaNode schema, JsonElement unique) in shape.With("uniqueItems"))
        {
            if (unique.ValueKind == JsonValueKind.True && !(Most <= 1)) throw schema.Unsupported("uniqueItems of a list with more than one item");
        }
    }

    /// <summary>Items from here on all have the same schemas.</summary>
    public int Prefix { get; }

    public int Least { get; }

    public int? Most { get; }

    public Conjunction? Contains { get; private set; }

    public SchemaNode? ContainsSchema { get; private set; }

    public int LeastContained { get; private set; }

    public int? MostContained { get; private set; }

    public Conjunction Item(int index, params IEnumerable<SchemaNode> more)
    {
        List<SchemaNode> all = [.. more];
        bool evaluated = false;
        foreach ((SchemaNode schema, IReadOnlyList<SchemaNode> prefix, SchemaNode? rest) in _parts)
        {
            SchemaNode? own = index < prefix.Count ? prefix[index] : rest;
            if (own is null) continue;
            all.Add(own);
            evaluated |= !schema.Derived;
        }

        if (!evaluated && _unevaluated is not null) all.Add(_unevaluated);
        return _compiler.All(all);
    }

    private SchemaNode? Rest(SchemaNode schema)
    {
        if (schema.Get("items") is not { } items) return null;
        return items.ValueKind == JsonValueKind.Array ? throw schema.Unsupported("a list as items (the draft's prefixItems is)") : _compiler.Document.Child(schema, "items");
    }

    private void ReadContains(Shape shape)
    {
        (SchemaNode Schema, JsonElement Value)[] all = [.. shape.With("contains")];
        if (all.Length == 0) return;
        if (all.Length > 1) throw all[1].Schema.Unsupported("more than one contains of the same list");
        if (_unevaluated is not null) throw all[0].Schema.Unsupported("contains beside unevaluatedItems");
        SchemaNode schema = all[0].Schema;
        LeastContained = schema.Count("minContains") ?? 1;
        MostContained = schema.Count("maxContains");
        if (LeastContained == 0 && MostContained is null) return;
        ContainsSchema = _compiler.Document.Child(schema, "contains");
        Contains = _compiler.All([ContainsSchema]);
    }
}
