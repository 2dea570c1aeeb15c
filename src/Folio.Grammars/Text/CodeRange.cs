namespace Folio.Grammars;

/// <summary>Characters from one code point to another, both included.</summary>
internal readonly record struct CodeRange(int Low, int High);

/// <summary>Sets of characters as ascending ranges that don't touch. Surrogates are no characters.</summary>
internal static class CodeRanges
{
    public const int Highest = 0x10FFFF;

    public static CodeRange[] All { get; } = [new(0, 0xD7FF), new(0xE000, Highest)];

    public static CodeRange[] Of(int only) => [new(only, only)];

    public static CodeRange[] Union(IEnumerable<CodeRange> ranges)
    {
        var result = new List<CodeRange>();
        foreach (CodeRange range in ranges.OrderBy(range => range.Low))
        {
            if (result.Count > 0 && range.Low <= result[^1].High + 1) result[^1] = new(result[^1].Low, Math.Max(result[^1].High, range.High));
            else result.Add(range);
        }

        return Intersect([.. result], All);
    }

    public static CodeRange[] Except(CodeRange[] ranges)
    {
        var result = new List<CodeRange>();
        int next = 0;
        foreach (CodeRange range in ranges)
        {
            if (range.Low > next) result.Add(new(next, range.Low - 1));
            next = range.High + 1;
        }

        if (next <= Highest) result.Add(new(next, Highest));
        return Intersect([.. result], All);
    }

    public static CodeRange[] Intersect(CodeRange[] a, CodeRange[] b)
    {
        var result = new List<CodeRange>();
        for (int i = 0, j = 0; i < a.Length && j < b.Length;)
        {
            int low = Math.Max(a[i].Low, b[j].Low), high = Math.Min(a[i].High, b[j].High);
            if (low <= high) result.Add(new(low, high));
            if (a[i].High < b[j].High) i++;
            else j++;
        }

        return [.. result];
    }

    public static bool Contains(CodeRange[] ranges, int point)
    {
        foreach (CodeRange range in ranges)
        {
            if (point >= range.Low && point <= range.High) return true;
        }

        return false;
    }

    public static bool IsAll(CodeRange[] ranges) => ranges.AsSpan().SequenceEqual(All);

    /// <summary>A name by which equal sets are known.</summary>
    public static string Key(CodeRange[] ranges) => string.Join(',', ranges.Select(range => $"{range.Low:x}-{range.High:x}"));
}
