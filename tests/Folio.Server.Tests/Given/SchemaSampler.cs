using System.Text.Json;
using System.Text.Json.Nodes;

namespace Folio.Server.Tests;

/// <summary>Random values of a JSON schema, as far as the server's description uses them; now and then one that no schema would have.</summary>
/// <param name="random">Draws.</param>
/// <param name="hostile">The chance that a value is replaced by one from <see cref="Hostile"/>.</param>
internal sealed class SchemaSampler(Random random, double hostile)
{
    private static readonly string[] Hostile =
    [
        "null", "true", "0", "-1", "0.5", "1e308", "-1e308", "9223372036854775807", "-9223372036854775808", "1e-45", "2147483648", "\"\"", "\"x\"", "\"\\u0000\"", "\"\\ud83d\\ude00\"", "\"<|im_end|>\"", "\"../../etc/passwd\"",
        "\"{{7*7}}{% for x in range(9) %}\"", "[]", "{}", "[null]", "[[[[]]]]", "[1,\"a\",null]", "{\"a\":{\"b\":[{}]}}", "{\"$ref\":\"#\"}", "{\"type\":\"banana\"}", "\"[a-z]{1000}(a|b)*a(a|b){18}\"",
    ];

    private static readonly string[] Words = ["Once upon a time", "a", "dog", "The end.", "日本", "\n", " ", "none", "auto", "demo", "user", "assistant"];

    public JsonNode? Value(JsonElement schema)
    {
        if (random.NextDouble() < hostile) return JsonNode.Parse(Hostile[random.Next(Hostile.Length)]);
        if (schema.TryGetProperty("enum", out JsonElement values)) return JsonNode.Parse(Pick(values).GetRawText());
        if (schema.TryGetProperty("oneOf", out JsonElement choices)) return Value(Pick(choices));
        string type = !schema.TryGetProperty("type", out JsonElement types) ? "object"
            : types.ValueKind == JsonValueKind.String ? types.GetString()!
            : types[random.Next(4) > 0 ? 0 : random.Next(types.GetArrayLength())].GetString()!;
        return type switch
        {
            "null" => null,
            "boolean" => random.Next(2) == 0,
            "integer" => Integer(schema),
            "number" => Number(schema),
            "string" => Text(schema),
            "array" => List(schema),
            _ => Object(schema),
        };
    }

    public JsonObject Object(JsonElement schema)
    {
        var value = new JsonObject();
        string[] required = schema.TryGetProperty("required", out JsonElement names) ? [.. names.EnumerateArray().Select(name => name.GetString()!)] : [];
        if (schema.TryGetProperty("properties", out JsonElement properties))
        {
            double chance = 4.0 / properties.EnumerateObject().Count();
            foreach (JsonProperty property in properties.EnumerateObject())
            {
                bool isRequired = required.Contains(property.Name);
                if (isRequired ? random.NextDouble() >= hostile / 4 : random.NextDouble() < chance) value[property.Name] = Value(property.Value);
            }
        }

        if (schema.TryGetProperty("additionalProperties", out JsonElement others) && others.ValueKind == JsonValueKind.Object)
        {
            bool digits = schema.TryGetProperty("propertyNames", out _);
            for (int i = random.Next(3); i > 0; i--) value[digits ? $"{random.Next(100)}" : $"key{i}"] = Value(others);
        }

        if (random.NextDouble() < hostile / 4) value["unheard_of"] = 1;
        return value;
    }

    private JsonArray List(JsonElement schema)
    {
        int least = Bound(schema, "minItems", 0);
        var list = new JsonArray();
        for (int i = random.Next(least, Math.Min(Bound(schema, "maxItems", 1000), least + 3) + 1); i > 0; i--) list.Add(Value(schema.TryGetProperty("items", out JsonElement items) ? items : JsonElement.Parse("{}")));
        return list;
    }

    private string Text(JsonElement schema) => random.Next(5) == 0 && Bound(schema, "minLength", 0) == 0 ? "" : Words[random.Next(Words.Length)];

    private long Integer(JsonElement schema)
    {
        int least = Bound(schema, "minimum", -2), most = Bound(schema, "maximum", int.MaxValue);
        return random.Next(20) == 0 ? Math.Min(most, 5000) : Math.Min(most, least + random.Next(4));
    }

    private double Number(JsonElement schema)
    {
        double least = schema.TryGetProperty("minimum", out JsonElement minimum) ? minimum.GetDouble() : 0.01, most = schema.TryGetProperty("maximum", out JsonElement maximum) ? maximum.GetDouble() : 3;
        return random.Next(4) switch { 0 => least, 1 => most, _ => least + (random.NextDouble() * (most - least)) };
    }

    private static int Bound(JsonElement schema, string name, int otherwise) => schema.TryGetProperty(name, out JsonElement bound) ? (int)bound.GetDouble() : otherwise;

    private JsonElement Pick(JsonElement list) => list[random.Next(list.GetArrayLength())];
}
