using System.Collections.Frozen;
using System.Text.Json;

namespace Folio.Grammars;

/// <summary>Which keywords mean something here. One that does and isn't supported is refused by name; so is one that nobody knows.</summary>
internal static class SchemaKeywords
{
    private static readonly FrozenSet<string> s_applied = FrozenSet.ToFrozenSet(
    [
        "type", "enum", "const", "$ref", SchemaNegation.Reference, SchemaNegation.NotPattern, SchemaNegation.NotEnum,
        "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas",
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern", "format",
        "properties", "required", "additionalProperties", "patternProperties", "propertyNames", "minProperties", "maxProperties", "unevaluatedProperties",
        "items", "prefixItems", "minItems", "maxItems", "contains", "minContains", "maxContains", "uniqueItems", "unevaluatedItems",
    ]);

    /// <summary>They say something about a schema, and nothing about which values it has.</summary>
    private static readonly FrozenSet<string> s_notes = FrozenSet.ToFrozenSet(
    [
        "title", "description", "default", "examples", "$comment", "deprecated", "readOnly", "writeOnly", "$schema", "$id", "$anchor", "$dynamicAnchor", "$defs", "definitions",
        "contentEncoding", "contentMediaType", "contentSchema", "discriminator",
    ]);

    public static bool IsNote(string keyword) => s_notes.Contains(keyword) || keyword.StartsWith("x-", StringComparison.Ordinal);

    public static void Check(SchemaNode schema)
    {
        if (schema.Element.ValueKind != JsonValueKind.Object) return;
        if (schema.Get("$schema") is { } draft && !IsKnownDraft(draft)) throw schema.Unsupported($"the $schema {(draft.GetRawText() is { Length: > 80 } text ? text[..80] + "…" : draft.GetRawText())}");
        foreach (JsonProperty keyword in schema.Element.EnumerateObject())
        {
            if (!s_applied.Contains(keyword.Name) && !IsNote(keyword.Name)) throw schema.Unsupported($"the keyword \"{(keyword.Name.Length > 64 ? keyword.Name[..64] + "…" : keyword.Name)}\"");
        }
    }

    /// <summary>All of JSON Schema's own drafts are read as 2020-12; a dialect of somebody else's may mean anything.</summary>
    private static bool IsKnownDraft(JsonElement draft) =>
        draft.ValueKind == JsonValueKind.String && Uri.TryCreate(draft.GetString(), UriKind.Absolute, out Uri? uri) && uri.Host == "json-schema.org";
}
