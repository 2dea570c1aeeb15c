using System.Text.Json;

namespace Folio.Grammars;

/// <summary>Why no value satisfies a schema, where one of its parts shows it by itself: for the error alone, so a slip is soon found.</summary>
internal static class Contradictions
{
    private static readonly (string Least, string Most, bool BothInclude)[] s_bounds =
    [
        ("minimum", "maximum", true), ("exclusiveMinimum", "maximum", false), ("minimum", "exclusiveMaximum", false), ("exclusiveMinimum", "exclusiveMaximum", false),
        ("minLength", "maxLength", true), ("minItems", "maxItems", true), ("minProperties", "maxProperties", true), ("minContains", "maxContains", true),
    ];

    /// <summary>The first part that contradicts itself, as a sentence's end; null: none does by itself.</summary>
    /// <param name="schema">Any part of a schema.</param>
    /// <param name="path">Where it stands, as a JSON pointer.</param>
    public static string? Find(JsonElement schema, string path = "")
    {
        if (schema.ValueKind == JsonValueKind.Array) return schema.EnumerateArray().Select((item, index) => Find(item, $"{path}/{index}")).FirstOrDefault(found => found is not null);
        if (schema.ValueKind != JsonValueKind.Object) return null;
        if (Of(schema) is { } own) return $"{own} (at #{path})";
        foreach (JsonProperty keyword in schema.EnumerateObject())
        {
            if (keyword.Name is "enum" or "const" or "default" or "examples" or "required" or "not" or "if") continue; // values; or what isn't asked
            if (Find(keyword.Value, $"{path}/{keyword.Name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}") is { } found) return found;
        }

        return null;
    }

    private static string? Of(JsonElement schema)
    {
        if (Get(schema, "enum") is { ValueKind: JsonValueKind.Array } values && values.GetArrayLength() == 0) return "enum is empty";
        foreach ((string least, string most, bool bothInclude) in s_bounds)
        {
            if (Number(schema, least) is { } low && Number(schema, most) is { } high && (low > high || (low == high && !bothInclude))) return $"{least} and {most} leave nothing between them";
        }

        return Forbidden(schema) is { } name ? $"required has \"{name}\", which additionalProperties forbids" : null;
    }

    /// <summary>A member that is required and can't be there.</summary>
    private static string? Forbidden(JsonElement schema)
    {
        if (Get(schema, "additionalProperties") is not { ValueKind: JsonValueKind.False } || Get(schema, "patternProperties") is not null || Get(schema, "required") is not { ValueKind: JsonValueKind.Array } required) return null;
        foreach (JsonElement each in required.EnumerateArray())
        {
            if (each.ValueKind != JsonValueKind.String || each.GetString() is not { } name) continue;
            bool isNamed = Get(schema, "properties") is { ValueKind: JsonValueKind.Object } properties && properties.TryGetProperty(name, out _);
            if (!isNamed) return name.Length > 64 ? $"{name[..64]}…" : name;
        }

        return null;
    }

    private static JsonElement? Get(JsonElement schema, string keyword) => schema.TryGetProperty(keyword, out JsonElement value) ? value : null;

    private static double? Number(JsonElement schema, string keyword) => Get(schema, keyword) is { ValueKind: JsonValueKind.Number } value ? value.GetDouble() : null;
}
