using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Folio.Requests;

/// <summary>Parses JSON so that nothing behind it meets bad text: UTF-8, well-formed, no name twice in an object, no lone surrogate.</summary>
internal static class StrictJson
{
    /// <exception cref="JsonException">It isn't such JSON.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> json, int maxDepth)
    {
        if (!Utf8.IsValid(json.Span)) throw new JsonException("it isn't UTF-8.");
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, new() { MaxDepth = maxDepth, AllowDuplicateProperties = false });
        }
        catch (InvalidOperationException)
        {
            throw LoneSurrogate(); // in a name: those are compared while parsing
        }

        if (!HasLoneSurrogate(json.Span)) return document;
        document.Dispose();
        throw LoneSurrogate();
    }

    private static JsonException LoneSurrogate() => new("it has a lone surrogate (\\ud800 to \\udfff without its pair), which is no text.");

    /// <param name="json">Valid JSON: backslashes stand in strings only.</param>
    private static bool HasLoneSurrogate(ReadOnlySpan<byte> json)
    {
        for (int at; (at = json.IndexOf((byte)'\\')) >= 0;)
        {
            json = json[at..];
            if (json[1] != 'u')
            {
                json = json[2..];
                continue;
            }

            int unit = Unit(json);
            json = json[6..];
            if (unit is < 0xD800 or > 0xDFFF) continue;
            bool paired = unit < 0xDC00 && json.StartsWith("\\u"u8) && Unit(json) is >= 0xDC00 and <= 0xDFFF;
            if (!paired) return true;
            json = json[6..];
        }

        return false;

        static int Unit(ReadOnlySpan<byte> escape) => int.Parse(escape[2..6], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
