using System.Text;
using System.Text.Json;

namespace Folio.Chat;

/// <summary>The types that a tool's schema gives its parameters, to make JSON of values that were written as plain text.</summary>
internal readonly struct ParameterTypes
{
    private const int MaxDepth = 8; // of anyOf in anyOf

    private readonly JsonElement? _properties;

    private ParameterTypes(JsonElement? properties) => _properties = properties;

    public static ParameterTypes Of(IReadOnlyList<ToolDefinition> tools, string name)
    {
        foreach (ToolDefinition tool in tools)
        {
            if (tool.Name != name || tool.Parameters is not { ValueKind: JsonValueKind.Object } schema) continue;
            if (schema.TryGetProperty("properties", out JsonElement properties) && properties.ValueKind == JsonValueKind.Object) return new(properties);
        }

        return default;
    }

    /// <summary>Writes a value as JSON of the parameter's type; as a string where it isn't one of that type, or the parameter isn't known.</summary>
    public void Write(StringBuilder json, string key, string value)
    {
        if (_properties is { } properties && properties.TryGetProperty(key, out JsonElement schema) && AsJson(value, schema) is { } typed) json.Append(typed);
        else json.AppendString(value);
    }

    /// <returns>The value as JSON text; null: it's a string.</returns>
    private static string? AsJson(string value, JsonElement schema)
    {
        string text = value.Trim();
        if (text is "null" or "None" && Allows(schema, "null")) return "null";
        if (Allows(schema, "string")) return null;
        if (Allows(schema, "boolean") && bool.TryParse(text, out bool flag)) return flag ? "true" : "false"; // models write Python's True, too
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind switch
            {
                JsonValueKind.Number => Allows(schema, "number") || (Allows(schema, "integer") && IsWhole(document.RootElement)),
                JsonValueKind.Object => Allows(schema, "object"),
                JsonValueKind.Array => Allows(schema, "array"),
                _ => false,
            } ? text : null;
        }
        catch (Exception error) when (error is JsonException or ArgumentException)
        {
            return null;
        }
    }

    private static bool IsWhole(JsonElement number) => !number.GetRawText().AsSpan().ContainsAny(".eE") || number.GetDouble() % 1 == 0;

    /// <summary>Whether a schema names this type, itself or in one of its alternatives.</summary>
    private static bool Allows(JsonElement schema, string type, int depth = 0)
    {
        if (schema.ValueKind != JsonValueKind.Object || depth > MaxDepth) return false;
        if (schema.TryGetProperty("type", out JsonElement types))
        {
            if (types.ValueKind == JsonValueKind.String) return types.ValueEquals(type);
            if (types.ValueKind != JsonValueKind.Array) return false;
            foreach (JsonElement one in types.EnumerateArray())
            {
                if (one.ValueKind == JsonValueKind.String && one.ValueEquals(type)) return true;
            }

            return false;
        }

        foreach (string keyword in (ReadOnlySpan<string>)["anyOf", "oneOf", "allOf"])
        {
            if (!schema.TryGetProperty(keyword, out JsonElement alternatives) || alternatives.ValueKind != JsonValueKind.Array) continue;
            foreach (JsonElement alternative in alternatives.EnumerateArray())
            {
                if (Allows(alternative, type, depth + 1)) return true;
            }
        }

        return false;
    }
}
