using System.Text.Json;

namespace Folio.Grammars;

[Flags]
internal enum JsonTypes
{
    None = 0,
    Null = 1,
    Boolean = 2,
    Integer = 4,
    Fraction = 8,
    String = 16,
    Array = 32,
    Object = 64,
    All = 127,
}

/// <summary>What a conjunction comes to when no choice is left: keywords that all hold, of plain schemas.</summary>
internal sealed class Shape(Conjunction conjunction)
{
    public JsonTypes Types { get; } = TypesOf(conjunction);

    public IReadOnlyList<SchemaNode> Schemas { get; } = [.. conjunction.Terms.Select(term => term.Schema)];

    public SchemaNode? Seed => conjunction.Seed;

    /// <summary>Those that have the keyword, with its value.</summary>
    public IEnumerable<(SchemaNode Schema, JsonElement Value)> With(string keyword)
    {
        foreach (SchemaNode schema in Schemas)
        {
            if (schema.Get(keyword) is { } value) yield return (schema, value);
        }
    }

    /// <summary>The largest of a keyword's counts; 0: none.</summary>
    public int Least(string keyword) => With(keyword).Select(each => each.Schema.Count(keyword)!.Value).DefaultIfEmpty(0).Max();

    /// <summary>The smallest of a keyword's counts; null: none.</summary>
    public int? Most(string keyword) => With(keyword).Select(each => each.Schema.Count(keyword)).DefaultIfEmpty(null).Min();

    public NumberRange Numbers => field ??= ReadNumbers();

    /// <summary>What it asks of strings, once the compiler has looked.</summary>
    public StringShape? Strings { get; set; }

    /// <summary>Values that the shape must not have.</summary>
    public IEnumerable<JsonElement> Excluded() => With(SchemaNegation.NotEnum).SelectMany(each => each.Value.EnumerateArray());

    private NumberRange ReadNumbers()
    {
        var range = new NumberRange();
        foreach ((SchemaNode schema, JsonElement value) in With("minimum")) range.AtLeast(Number(schema, "minimum", value), exclusive: false);
        foreach ((SchemaNode schema, JsonElement value) in With("maximum")) range.AtMost(Number(schema, "maximum", value), exclusive: false);
        foreach ((SchemaNode schema, JsonElement value) in With("exclusiveMinimum")) range.AtLeast(Number(schema, "exclusiveMinimum", value), exclusive: true);
        foreach ((SchemaNode schema, JsonElement value) in With("exclusiveMaximum")) range.AtMost(Number(schema, "exclusiveMaximum", value), exclusive: true);
        foreach ((SchemaNode schema, JsonElement value) in With("multipleOf"))
        {
            DecimalNumber step = Number(schema, "multipleOf", value);
            if (step.Mantissa.Sign <= 0) throw schema.Error("multipleOf must be above 0");
            range.MultipleOf(step);
        }

        foreach (JsonElement value in Excluded())
        {
            if (value.ValueKind == JsonValueKind.Number) range.Not(DecimalNumber.Of(value));
        }

        return range;
    }

    private static DecimalNumber Number(SchemaNode schema, string keyword, JsonElement value) => value.ValueKind == JsonValueKind.Number ? DecimalNumber.Of(value) : throw schema.Error($"{keyword} must be a number");

    private static JsonTypes TypesOf(Conjunction conjunction)
    {
        JsonTypes types = JsonTypes.All;
        foreach ((SchemaNode schema, _) in conjunction.Terms)
        {
            if (schema.Get("type") is not { } named) continue;
            JsonTypes any = JsonTypes.None;
            if (named.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement name in named.EnumerateArray()) any |= TypeOf(schema, name);
            }
            else
            {
                any = TypeOf(schema, named);
            }

            types &= any;
        }

        return types;
    }

    private static JsonTypes TypeOf(SchemaNode schema, JsonElement name) => (name.ValueKind == JsonValueKind.String ? name.GetString() : null) switch
    {
        "null" => JsonTypes.Null,
        "boolean" => JsonTypes.Boolean,
        "integer" => JsonTypes.Integer,
        "number" => JsonTypes.Integer | JsonTypes.Fraction,
        SchemaNegation.Fraction => JsonTypes.Fraction,
        "string" => JsonTypes.String,
        "array" => JsonTypes.Array,
        "object" => JsonTypes.Object,
        _ => throw schema.Error($"type {name.GetRawText()} is none of JSON's"),
    };
}
