using System.Text;
using System.Text.Json;
using Folio.Chat;

namespace Folio.Requests;

/// <summary>The schema to which a tool's arguments are held.</summary>
/// <remarks>
/// Arguments are an object, so the schema's type is. Members that it doesn't name are left out, unless it says something of them: the schema allows them, but no function expects them, and a model
/// that may write any member may never end. Without parameters the object is empty, as OpenAI has it.
/// </remarks>
internal static class ToolSchema
{
    private const string Empty = """{"type":"object","additionalProperties":false}""";

    /// <summary>Keywords that name members elsewhere, or count or describe unnamed ones.</summary>
    private static readonly string[] OpenKeywords =
    [
        "additionalProperties", "unevaluatedProperties", "patternProperties", "propertyNames", "minProperties", "dependentRequired", "dependentSchemas", "allOf", "anyOf", "oneOf", "not", "if", "$ref", "$dynamicRef", "enum", "const",
    ];

    public static string Path(int tool) => $"tools[{tool}].function.parameters";

    /// <exception cref="ApiException">The schema allows no object.</exception>
    public static string OfArguments(ToolDefinition tool, int index)
    {
        if (tool.Parameters is not { } schema || !schema.EnumerateObject().Any()) return Empty;
        if (!AllowsObjects(schema)) throw ApiException.BadRequest($"{Path(index)}.type must be \"object\": arguments are the members of an object.", $"{Path(index)}.type");
        return Encoding.UTF8.GetString(WrittenJson.Bytes(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("type", "object");
            foreach (JsonProperty keyword in schema.EnumerateObject())
            {
                if (keyword.Name != "type") keyword.WriteTo(writer);
            }

            if (IsClosed(schema)) writer.WriteBoolean("additionalProperties", false);
            writer.WriteEndObject();
        }));
    }

    private static bool AllowsObjects(JsonElement schema)
    {
        if (!schema.TryGetProperty("type", out JsonElement type)) return true;
        return type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Any(IsObject) : IsObject(type);

        static bool IsObject(JsonElement name) => name.ValueKind == JsonValueKind.String && name.ValueEquals("object");
    }

    private static bool IsClosed(JsonElement schema)
    {
        if (OpenKeywords.Any(keyword => schema.TryGetProperty(keyword, out _))) return false;
        schema.TryGetProperty("properties", out JsonElement properties);
        if (properties.ValueKind is not (JsonValueKind.Object or JsonValueKind.Undefined)) return false;
        if (!schema.TryGetProperty("required", out JsonElement required) || required.ValueKind != JsonValueKind.Array) return true;
        return required.EnumerateArray().All(name => name.ValueKind == JsonValueKind.String && properties.ValueKind == JsonValueKind.Object && properties.TryGetProperty(name.GetString()!, out _));
    }
}
