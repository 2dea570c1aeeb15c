using System.Text;
using System.Text.Json.Nodes;

namespace Folio.Server.Tests;

/// <summary>Bodies that are no JSON, or JSON that no serialiser writes.</summary>
internal static class BrokenJson
{
    private const string Mark = "broken-here";

    /// <summary>What stands in a value's place, as it is.</summary>
    private static readonly string[] Values =
    [
        "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"a\\ud800b\"", "\"\\u0000\"", "\"\0\"", "\"\n\"", "\"\\x\"", "1e999", "-1e999", "1e-999", new string('9', 400), $"0.{new string('0', 400)}1", "01", "+1", "0x10", "NaN", "-Infinity", "tru", "undefined",
        $"{new string('[', 60)}{new string(']', 60)}", $"{new string('[', 100_000)}{new string(']', 100_000)}", new string('[', 100_000), string.Concat(Enumerable.Repeat("{\"a\":", 5_000)) + "1" + new string('}', 5_000),
        $"\"{new string('x', 100_000)}\"", "{\"a\":1,\"a\":2}", "{\"type\":\"text\",\"type\":\"object\"}", "{\"\":1}", "{\"\\ud800\":1}", "'x'", "[1,]", "/* */ 1",
    ];

    /// <summary>Bytes that are no UTF-8: a lone byte, an overlong NUL, a surrogate, more than Unicode has, a sequence cut off.</summary>
    private static readonly byte[][] Bytes = [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]];

    private static readonly string[] Wholes = ["", " ", "null", "[]", "\"x\"", "1", "{}", "\uFEFF{}", "{}{}", "{", "}", "\0"];

    public static byte[] From(Random random, JsonObject body)
    {
        string text = body.ToJsonString();
        switch (random.Next(6))
        {
            case 0:
                return Encoding.UTF8.GetBytes(Wholes[random.Next(Wholes.Length)]);
            case 1:
                byte[] whole = Encoding.UTF8.GetBytes(text);
                return whole[..random.Next(whole.Length)];
            case 2:
                byte[] bytes = Encoding.UTF8.GetBytes(text);
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                return bytes;
            case 3:
                return Splice(Marked(random, body), $"\"{Mark}\"", [(byte)'"', (byte)'a', .. Bytes[random.Next(Bytes.Length)], (byte)'"']);
            case 4 when body.Count > 0:
                (string name, JsonNode? value) = body.ElementAt(random.Next(body.Count)); // the same member twice
                return Encoding.UTF8.GetBytes($"{{{new JsonObject { [name] = value?.DeepClone() }.ToJsonString()[1..^1]},{text[1..]}");
            default:
                return Splice(Marked(random, body), $"\"{Mark}\"", Encoding.UTF8.GetBytes(Values[random.Next(Values.Length)]));
        }
    }

    /// <summary>The text with a mark in some value's place, at any depth.</summary>
    private static string Marked(Random random, JsonObject body)
    {
        var copy = (JsonObject)body.DeepClone();
        JsonNode at = copy;
        while (true)
        {
            if (at is JsonObject { Count: > 0 } members)
            {
                (string name, JsonNode? value) = members.ElementAt(random.Next(members.Count));
                if (value is JsonObject { Count: > 0 } or JsonArray { Count: > 0 } && random.Next(3) > 0)
                {
                    at = value;
                    continue;
                }

                members[name] = Mark;
            }
            else if (at is JsonArray { Count: > 0 } items)
            {
                int i = random.Next(items.Count);
                if (items[i] is JsonObject { Count: > 0 } or JsonArray { Count: > 0 } && random.Next(3) > 0)
                {
                    at = items[i]!;
                    continue;
                }

                items[i] = Mark;
            }
            else
            {
                copy["model"] = Mark;
            }

            return copy.ToJsonString();
        }
    }

    private static byte[] Splice(string text, string mark, byte[] by)
    {
        int at = text.IndexOf(mark, StringComparison.Ordinal);
        return [.. Encoding.UTF8.GetBytes(text[..at]), .. by, .. Encoding.UTF8.GetBytes(text[(at + mark.Length)..])];
    }
}
