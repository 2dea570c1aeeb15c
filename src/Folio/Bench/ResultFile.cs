using System.Text.Json;

namespace Folio.Bench;

/// <summary>A benchmark's result as a JSON object in a file.</summary>
internal static class ResultFile
{
    /// <param name="write">Writes the object's fields.</param>
    /// <exception cref="FolioException">The file can't be written.</exception>
    public static void Write(string path, bool indented, Action<Utf8JsonWriter> write)
    {
        try
        {
            using FileStream file = File.Create(path);
            using var json = new Utf8JsonWriter(file, new() { Indented = indented, IndentSize = 4 });
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FolioException($"{path} can't be written: {error.Message}", error);
        }
    }
}
