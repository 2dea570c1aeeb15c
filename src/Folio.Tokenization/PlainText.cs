namespace Folio.Tokenization;

/// <summary>The characters of a prompt that came from its users: no mark may be recognised in or across them.</summary>
internal sealed class PlainText
{
    private readonly TextSpan[] _spans;     // by start, none empty, none overlapping

    /// <param name="spans">In any order, perhaps overlapping.</param>
    /// <param name="length">Of the text; every span lies inside it.</param>
    public PlainText(IReadOnlyList<TextSpan> spans, int length)
    {
        var merged = new List<TextSpan>();
        foreach (TextSpan span in spans.Where(span => span.Length != 0).OrderBy(span => span.Start))
        {
            if (span.Start < 0 || span.Length < 0 || span.Length > length - span.Start)
                throw new TokenizerException($"the plain span at {span.Start}, {span.Length} long, does not lie in the text of {length} characters.");
            if (merged.Count > 0 && span.Start <= merged[^1].End) merged[^1] = merged[^1] with { Length = Math.Max(merged[^1].End, span.End) - merged[^1].Start };
            else merged.Add(span);
        }

        _spans = [.. merged];
    }

    public bool Touches(int start, int end)
    {
        int low = 0, high = _spans.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_spans[middle].End <= start) low = middle + 1;
            else high = middle;
        }

        return low < _spans.Length && _spans[low].Start < end;
    }
}
