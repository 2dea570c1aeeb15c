using System.Globalization;

namespace Folio.Bench;

/// <summary>Reads a server's steps from its Prometheus text.</summary>
internal static class PublishedSteps
{
    private const string Series = "vllm:iteration_tokens_total";

    /// <returns>Null: the text doesn't have them.</returns>
    public static StepCount? Find(string text) => Value(text, $"{Series}_count") is { } steps && Value(text, $"{Series}_sum") is { } tokens ? new(steps, tokens) : null;

    /// <summary>name 12, or name{label="…"} 12; of several engines the sum.</summary>
    private static double? Value(string text, string name)
    {
        double? sum = null;
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            if (!line.StartsWith(name) || line.Length <= name.Length || line[name.Length] is not (' ' or '{')) continue;
            if (double.TryParse(line[(line.LastIndexOf(' ') + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out double value)) sum = (sum ?? 0) + value;
        }

        return sum;
    }
}
