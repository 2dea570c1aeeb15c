using System.Text;
using System.Text.Json;

namespace Folio.Server;

/// <summary>Arguments of a call as a model has written them, who may have been cut off or gone wrong: a conversation goes on in spite of it.</summary>
internal static class WrittenArguments
{
    private const string None = "{}";

    /// <returns>The same where they are a JSON object as a chat takes it; else what is good of them, or an empty object.</returns>
    public static string Repair(string arguments)
    {
        if (IsObject(arguments)) return arguments;
        string closed = Encoding.UTF8.GetString(CutJson.Close(Encoding.UTF8.GetBytes(arguments)));
        return IsObject(closed) ? closed : None;
    }

    private static bool IsObject(string text)
    {
        try
        {
            using JsonDocument document = StrictJson.Parse(Encoding.UTF8.GetBytes(text), ChatMessages.MaxArgumentDepth);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
