using System.Globalization;
using System.Text.Json;

namespace Folio.Testing.OpenApi;

/// <summary>Holds values against JSON schemas as OpenAPI 3.1 has them. A keyword that it doesn't know is an error of the test, not a pass.</summary>
/// <remarks>
/// Source: JSON Schema 2020-12 (core, validation); OpenAPI 3.1 for <c>discriminator</c>. <c>nullable</c>, which 3.1 no longer has, means what it did in 3.0: OpenAI's document uses both.
/// A <c>oneOf</c> with a discriminator is taken as "at least one of those that the discriminating member allows", since OpenAI's variants overlap.
/// </remarks>
internal sealed class SchemaCheck(OpenApiDocument document)
{
    private const int MaxDepth = 200;

    /// <summary>Say nothing of what is valid, or are read beside another keyword.</summary>
    private static readonly HashSet<string> Inert =
    [
        "$schema", "$comment", "$defs", "$id", "$recursiveAnchor", "title", "description", "default", "example", "examples", "deprecated", "optional", "readOnly", "writeOnly", "nullable", "additionalProperties", "discriminator",
        "min_items", "max_items", // in OpenAI's document, each once: misspelt, so without effect
    ];

    private int _depth;

    public void Check(JsonElement schema, JsonElement value, string path, Findings findings)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            findings.Free.Add(path);
            if (schema.ValueKind == JsonValueKind.False) Fail("nothing is allowed here");
            return;
        }

        if (value.ValueKind == JsonValueKind.Null && schema.TryGetProperty("nullable", out JsonElement nullable) && nullable.ValueKind == JsonValueKind.True) return;
        if (++_depth > MaxDepth) throw new NotSupportedException($"{path}: the schema refers to itself without end");
        if (IsOpen(schema)) findings.Free.Add(path);
        foreach (JsonProperty keyword in schema.EnumerateObject()) Apply(keyword.Name, keyword.Value, schema, value, path, findings);
        _depth--;

        void Fail(string what) => findings.Errors.Add(new(OpenApiDocument.PlaceOf(path), $"{what}, got {Cut(value)}"));
    }

    public static string Member(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private void Apply(string name, JsonElement argument, JsonElement schema, JsonElement value, string path, Findings findings)
    {
        string? fault = null;
        switch (name)
        {
            case "$ref":
                Check(document.Resolve(argument.GetString()!), value, path, findings);
                break;
            case "$recursiveRef": // used once, by a filter of filters
                Check(document.Resolve("#/components/schemas/CompoundFilter"), value, path, findings);
                break;
            case "allOf":
                foreach (JsonElement part in argument.EnumerateArray()) Check(part, value, path, findings);
                break;
            case "anyOf" or "oneOf":
                CheckChoice(name == "oneOf", argument, schema, value, path, findings);
                break;
            case "not":
                fault = Try(argument, value, path).Valid ? "what 'not' names isn't allowed" : null;
                break;
            case "properties":
                CheckProperties(argument, value, path, findings);
                CheckAdditional(argument, schema, value, path, findings);
                break;
            case "propertyNames":
                foreach (JsonProperty member in Members(value)) Check(argument, JsonElement.Parse(JsonSerializer.Serialize(member.Name)), path, findings);
                break;
            case "items":
                for (int i = 0; value.ValueKind == JsonValueKind.Array && i < value.GetArrayLength(); i++) Check(argument, value[i], $"{path}[{i}]", findings);
                break;
            case "required":
                foreach (JsonElement needed in argument.EnumerateArray())
                {
                    if (value.ValueKind == JsonValueKind.Object && !value.TryGetProperty(needed.GetString()!, out _)) findings.Errors.Add(new(OpenApiDocument.PlaceOf(Member(path, needed.GetString()!)), "is required"));
                }

                break;
            default:
                fault = Inert.Contains(name) || name.StartsWith("x-", StringComparison.Ordinal) ? null : SchemaAssertions.Fault(name, argument, value);
                break;
        }

        if (name == "additionalProperties" && !schema.TryGetProperty("properties", out _)) CheckAdditional(JsonElement.Parse("{}"), schema, value, path, findings);
        if (fault is not null) findings.Errors.Add(new(OpenApiDocument.PlaceOf(path), $"{fault}, got {Cut(value)}"));
    }

    private void CheckProperties(JsonElement properties, JsonElement value, string path, Findings findings)
    {
        foreach (JsonProperty member in Members(value))
        {
            if (!properties.TryGetProperty(member.Name, out JsonElement schema)) continue;
            string at = Member(path, member.Name);
            findings.Described.Add(at);
            Check(schema, member.Value, at, findings);
        }
    }

    private void CheckAdditional(JsonElement properties, JsonElement schema, JsonElement value, string path, Findings findings)
    {
        if (!schema.TryGetProperty("additionalProperties", out JsonElement others)) return;
        foreach (JsonProperty member in Members(value))
        {
            if (properties.TryGetProperty(member.Name, out _)) continue;
            string at = Member(path, member.Name);
            findings.Described.Add(at);
            Check(others, member.Value, at, findings);
        }
    }

    private void CheckChoice(bool exactlyOne, JsonElement choices, JsonElement schema, JsonElement value, string path, Findings findings)
    {
        JsonElement[] candidates = [.. choices.EnumerateArray()];
        bool discriminates = schema.TryGetProperty("discriminator", out JsonElement discriminator) && value.ValueKind == JsonValueKind.Object;
        if (discriminates)
        {
            string name = discriminator.GetProperty("propertyName").GetString()!;
            if (value.TryGetProperty(name, out JsonElement kind))
            {
                candidates = [.. candidates.Where(candidate => Allows(candidate, name, kind, 0))];
                if (candidates.Length == 0) findings.Errors.Add(new(OpenApiDocument.PlaceOf(Member(path, name)), $"names no known variant, got {Cut(kind)}"));
            }
        }

        Findings[] tried = [.. candidates.Select(candidate => Try(candidate, value, path))];
        Findings[] valid = [.. tried.Where(each => each.Valid)];
        if (exactlyOne && !discriminates && valid.Length > 1) findings.Errors.Add(new(OpenApiDocument.PlaceOf(path), $"exactly one of {candidates.Length} variants, {valid.Length} match, got {Cut(value)}"));
        foreach (Findings each in valid) findings.Describe(each);
        if (valid.Length == 0 && tried.Length > 0) findings.Add(tried.MinBy(each => Distance(each, path))!);
    }

    /// <summary>Of variants that all fail, that one is meant whose fault lies deepest: a wrong type or label of the value itself speaks for another variant.</summary>
    private static int Distance(Findings findings, string path)
    {
        string place = OpenApiDocument.PlaceOf(path);
        return findings.Errors.Sum(error => error.Place == place ? 10_000 : error.What.StartsWith("one of", StringComparison.Ordinal) && error.Place == Member(place, "type") ? 100 : 1);
    }

    /// <summary>Whether a variant's discriminating member may have the value.</summary>
    private bool Allows(JsonElement schema, string name, JsonElement kind, int depth)
    {
        if (depth > MaxDepth) return true;
        if (schema.TryGetProperty("$ref", out JsonElement reference)) return Allows(document.Resolve(reference.GetString()!), name, kind, depth + 1);
        if (schema.TryGetProperty("$recursiveRef", out _)) return Allows(document.Resolve("#/components/schemas/CompoundFilter"), name, kind, depth + 1);
        if (schema.TryGetProperty("type", out JsonElement type) && SchemaAssertions.Fault("type", type, JsonElement.Parse("{}")) is not null) return false;
        if (schema.TryGetProperty("properties", out JsonElement properties) && properties.TryGetProperty(name, out JsonElement member) && !Try(member, kind, "").Valid) return false;
        if (schema.TryGetProperty("allOf", out JsonElement all) && !all.EnumerateArray().All(part => Allows(part, name, kind, depth + 1))) return false;
        foreach (string choice in (string[])["anyOf", "oneOf"])
        {
            if (schema.TryGetProperty(choice, out JsonElement any) && !any.EnumerateArray().Any(part => Allows(part, name, kind, depth + 1))) return false;
        }

        return true;
    }

    private Findings Try(JsonElement schema, JsonElement value, string path)
    {
        var findings = new Findings();
        int depth = _depth;
        Check(schema, value, path, findings);
        _depth = depth;
        return findings;
    }

    /// <summary>It says nothing of an object's members or a list's items.</summary>
    private static bool IsOpen(JsonElement schema) =>
        !schema.EnumerateObject().Any(keyword => keyword.Name is "properties" or "additionalProperties" or "items" or "$ref" or "$recursiveRef" or "allOf" or "anyOf" or "oneOf");

    private static JsonElement.ObjectEnumerator Members(JsonElement value) => value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : default;

    internal static string Cut(JsonElement value)
    {
        string text = value.GetRawText();
        return text.Length <= 80 ? text : string.Create(CultureInfo.InvariantCulture, $"{text[..80]}…");
    }
}
