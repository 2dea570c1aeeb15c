using System.Text.Json;
using System.Text.Json.Nodes;

namespace Folio.Testing.OpenApi;

/// <summary>Random values of a document's schemas: valid ones, of which most optional members are left out.</summary>
/// <param name="document">Its references are followed.</param>
/// <param name="random">Draws.</param>
/// <param name="texts">What texts without an enum are.</param>
public sealed class RandomValues(OpenApiDocument document, Random random, params string[] texts)
{
    private const int DeepEnough = 12; // from here on, nothing that may be left out is drawn
    private const double OptionalMember = 0.25;

    public JsonNode? Of(string component) => Value(document.Resolve($"#/components/schemas/{component}"), 0);

    private JsonNode? Value(JsonElement schema, int depth)
    {
        if (schema.TryGetProperty("$ref", out JsonElement reference)) return Value(document.Resolve(reference.GetString()!), depth + 1);
        if (schema.TryGetProperty("allOf", out JsonElement parts) && !schema.TryGetProperty("properties", out _)) return Merged(parts, depth);
        foreach (string choice in (string[])["oneOf", "anyOf"])
        {
            if (schema.TryGetProperty(choice, out JsonElement variants)) return Value(variants[random.Next(depth < DeepEnough ? variants.GetArrayLength() : 1)], depth + 1);
        }

        if (schema.TryGetProperty("enum", out JsonElement values)) return JsonNode.Parse(values[random.Next(values.GetArrayLength())].GetRawText());
        if (schema.TryGetProperty("const", out JsonElement constant)) return JsonNode.Parse(constant.GetRawText());
        string type = !schema.TryGetProperty("type", out JsonElement types) ? "object" : types.ValueKind == JsonValueKind.String ? types.GetString()! : types[0].GetString()!;
        return type switch
        {
            "null" => null,
            "boolean" => random.Next(2) == 0,
            "integer" => Integer(schema),
            "number" => Number(schema),
            "string" => texts[random.Next(texts.Length)],
            "array" => List(schema, depth),
            _ => Object(schema, depth),
        };
    }

    private JsonObject Merged(JsonElement parts, int depth)
    {
        var merged = new JsonObject();
        foreach (JsonElement part in parts.EnumerateArray())
        {
            if (Value(part, depth + 1) is not JsonObject values) continue;
            foreach ((string name, JsonNode? value) in values) merged[name] = value?.DeepClone();
        }

        return merged;
    }

    private JsonObject Object(JsonElement schema, int depth)
    {
        var value = new JsonObject();
        string[] required = schema.TryGetProperty("required", out JsonElement names) ? [.. names.EnumerateArray().Select(name => name.GetString()!)] : [];
        if (!schema.TryGetProperty("properties", out JsonElement properties)) return value;
        foreach (JsonProperty member in properties.EnumerateObject())
        {
            if (required.Contains(member.Name) || (depth < DeepEnough && random.NextDouble() < OptionalMember)) value[member.Name] = Value(member.Value, depth + 1);
        }

        return value;
    }

    private JsonArray List(JsonElement schema, int depth)
    {
        var list = new JsonArray();
        int least = (int)Bound(schema, "minItems", 0), most = depth < DeepEnough ? least + 2 : least;
        for (int i = random.Next(least, most + 1); i > 0; i--) list.Add(Value(schema.GetProperty("items"), depth + 1));
        return list;
    }

    /// <summary>Of a range as wide as 64 bits, the middle half.</summary>
    private long Integer(JsonElement schema)
    {
        double least = double.Max(Bound(schema, "minimum", 0), long.MinValue / 2);
        return random.NextInt64((long)least, (long)double.Min(Bound(schema, "maximum", least + 20), long.MaxValue / 2) + 1);
    }

    private double Number(JsonElement schema)
    {
        double least = Bound(schema, "minimum", 0), most = Bound(schema, "maximum", least + 1);
        return least + (random.NextDouble() * (most - least));
    }

    private static double Bound(JsonElement schema, string name, double otherwise) => schema.TryGetProperty(name, out JsonElement bound) ? bound.GetDouble() : otherwise;
}
