using System.Text.Json;

namespace Folio.Requests;

/// <summary>What is wrong with JSON, in words for who wrote it: .NET's reader speaks to its caller.</summary>
internal static class JsonFault
{
    /// <summary>What is said to the reader's caller, and what instead to the writer of the JSON.</summary>
    private static readonly (string Reader, string Writer)[] s_words =
    [
        (" which is not supported in this mode. Change the reader options.", ", which JSON doesn't have."),
        (" Change the reader options.", ""),
        ("Expected depth to be zero at the end of the JSON payload. There is an open JSON object or array that should be closed.", "an object or a list isn't closed."),
        ("The input does not contain any JSON tokens. Expected the input to start with a valid JSON token, when isFinalBlock is true.", "there is nothing in it."),
    ];

    /// <param name="error">Of the reader.</param>
    /// <param name="json">What it read.</param>
    /// <param name="maxDepth">Levels that it may nest.</param>
    /// <param name="what">What it is, to begin the sentence with.</param>
    public static string Tell(JsonException error, ReadOnlySpan<byte> json, int maxDepth, string what)
    {
        if (IsTooDeep(json, maxDepth)) return $"{what} nests deeper than {maxDepth} levels.";
        string reason = error.Message.Split(" LineNumber: ")[0];
        foreach ((string reader, string writer) in s_words) reason = reason.Replace(reader, writer, StringComparison.Ordinal);
        string place = error.LineNumber is { } line && error.BytePositionInLine is { } at ? $" (line {line + 1}, byte {at + 1})" : "";
        return $"{what} isn't valid JSON: {reason.TrimEnd('.')}{place}.";
    }

    /// <summary>Whether it is as JSON should be up to a level too many.</summary>
    private static bool IsTooDeep(ReadOnlySpan<byte> json, int maxDepth)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = maxDepth + 1 });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray && reader.CurrentDepth == maxDepth) return true;
            }
        }
        catch (JsonException)
        {
            return false;
        }

        return false;
    }
}
