namespace Folio.Engine;

/// <summary>Finds stop strings in text that comes in pieces, and holds back what could begin one.</summary>
/// <remarks>The stop string that is complete first wins, the longest of those that end together: what is found doesn't depend on how the text was cut into pieces.</remarks>
internal sealed class StopMatcher(IReadOnlyList<string> stops, bool includeInOutput)
{
    private readonly int _longest = stops.Count == 0 ? 0 : stops.Max(stop => stop.Length);
    private string _held = ""; // shorter than the longest stop string

    /// <returns>Text that is certain to belong to the answer; all of it when <paramref name="stop"/> is set.</returns>
    /// <param name="piece">The next piece.</param>
    /// <param name="stop">The stop string that is now complete, or null.</param>
    public string Append(string piece, out string? stop)
    {
        string text = _held + piece;
        if (Find(text, _held.Length, out stop) is int end and >= 0)
        {
            _held = "";
            return text[..(includeInOutput ? end : end - stop!.Length)];
        }

        return Keep(text);
    }

    /// <summary>Takes a piece that may not end the answer: a stop string may begin in it, but one that is complete in it counts for nothing.</summary>
    public string Pass(string piece) => Keep(_held + piece);

    /// <summary>No more text will come: what was held back is no stop string.</summary>
    public string Flush()
    {
        string held = _held;
        _held = "";
        return held;
    }

    private string Keep(string text)
    {
        int certain = Certain(text);
        _held = text[certain..];
        return text[..certain];
    }

    /// <returns>Where the first complete stop string ends of those that end after <paramref name="seen"/> characters; −1 if there is none.</returns>
    private int Find(string text, int seen, out string? found)
    {
        int first = -1;
        found = null;
        foreach (string stop in stops)
        {
            int start = text.IndexOf(stop, Math.Clamp(seen - stop.Length + 1, 0, text.Length), StringComparison.Ordinal);
            if (start < 0) continue;
            int end = start + stop.Length;
            if (first >= 0 && (end > first || (end == first && stop.Length <= found!.Length))) continue;
            (first, found) = (end, stop);
        }

        return first;
    }

    /// <returns>How many characters come before the longest end of the text that begins a stop string.</returns>
    private int Certain(string text)
    {
        for (int start = Math.Max(0, text.Length - _longest + 1); start < text.Length; start++)
        {
            ReadOnlySpan<char> rest = text.AsSpan(start);
            foreach (string stop in stops)
            {
                if (stop.AsSpan().StartsWith(rest, StringComparison.Ordinal)) return start;
            }
        }

        return text.Length;
    }
}
