using System.Text.Json;

namespace Folio.Server;

/// <summary>The object that a model has written, though it was cut off or went wrong: what isn't whole is left out, what is open is closed.</summary>
internal static class CutJson
{
    /// <param name="json">UTF-8; the beginning of an object, if it is anything.</param>
    /// <returns>A whole object; an empty one where not even its bracket is there.</returns>
    public static ReadOnlySpan<byte> Close(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, isFinalBlock: false, default); // what may go on isn't read: half a number is none
        List<byte> closers = []; // of what is open behind the last whole token but a name
        int whole = 0;
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray) closers.Add(reader.TokenType == JsonTokenType.StartObject ? (byte)'}' : (byte)']');
                if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray) closers.RemoveAt(closers.Count - 1);
                if (reader.TokenType != JsonTokenType.PropertyName) whole = (int)reader.BytesConsumed;
                if (closers.Count == 0) break;
            }
        }
        catch (JsonException)
        {
            // what stands before it is good
        }

        if (whole == 0 || json.TrimStart(" \t\r\n"u8)[0] != '{') return "{}"u8;
        closers.Reverse();
        return (byte[])[.. json[..whole], .. closers];
    }
}
