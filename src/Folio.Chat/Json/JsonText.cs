using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Folio.Chat;

/// <summary>Strings to JSON and back.</summary>
internal static class JsonText
{
    /// <summary>Reads a JSON string, quotes and escapes included.</summary>
    /// <returns>False: it is no string, or none that is text (a lone surrogate).</returns>
    public static bool TryReadString(string json, out string text)
    {
        text = "";
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.String) return false;
            text = document.RootElement.GetString()!;
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Writes a JSON string. Only what must be escaped is; a lone surrogate, which is no text, becomes U+FFFD.</summary>
    public static StringBuilder AppendString(this StringBuilder json, ReadOnlySpan<char> text)
    {
        json.Append('"');
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])) json.Append(c).Append(text[++i]);
            else if (char.IsSurrogate(c)) json.Append('\uFFFD');
            else if (c is '"' or '\\') json.Append('\\').Append(c);
            else if (c >= ' ') json.Append(c);
            else json.Append(Escape(c));
        }

        return json.Append('"');
    }

    private static string Escape(char c) => c switch
    {
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\b' => "\\b",
        '\f' => "\\f",
        _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
    };
}
