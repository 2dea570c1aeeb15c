using System.Text.Json;

namespace Folio.Compare;

/// <summary>Figures in a file, a line of JSON each; whatever ends a run, those before are kept.</summary>
internal sealed class ResultFile : IDisposable
{
    private readonly StreamWriter? _writer;

    /// <param name="path">Null: nothing is kept.</param>
    public ResultFile(string? path)
    {
        if (path is null) return;
        try
        {
            _writer = new(path, append: true) { AutoFlush = true };
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FolioException($"{path} can't be written: {error.Message}", error);
        }
    }

    public void Append(Measurement measurement) => _writer?.WriteLine(JsonSerializer.Serialize(measurement, MeasurementJson.Default.Measurement));

    public void Dispose() => _writer?.Dispose();

    /// <exception cref="FolioException">It can't be read, or holds something else.</exception>
    public static IReadOnlyList<Measurement> Read(string path)
    {
        try
        {
            return [.. File.ReadLines(path).Where(line => line.Length > 0).Select((line, i) => Parse(path, i + 1, line))];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FolioException($"{path} can't be read: {error.Message}", error);
        }
    }

    private static Measurement Parse(string path, int number, string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, MeasurementJson.Default.Measurement)!;
        }
        catch (JsonException error)
        {
            throw new FolioException($"{path}, line {number} is no measurement: {error.Message}", error);
        }
    }
}
