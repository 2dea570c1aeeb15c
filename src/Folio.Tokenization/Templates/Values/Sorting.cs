namespace Folio.Tokenization.Templates;

/// <summary>Python's stable sort by keys that compare with &lt;.</summary>
internal static class Sorting
{
    public static List<T> Sort<T>(Rendering run, IEnumerable<T> items, Func<T, object> key, bool reverse = false)
    {
        var keyed = items.Select(item => (Key: key(item), Item: item)).ToArray();
        var merged = new (object Key, T Item)[keyed.Length];
        for (int width = 1; width < keyed.Length; width *= 2)
        {
            for (int start = 0; start < keyed.Length; start += 2 * width) Merge(run, keyed, merged, start, width, reverse);
            (keyed, merged) = (merged, keyed);
        }

        return [.. keyed.Select(entry => entry.Item)];
    }

    // Written out because List.Sort is not stable and takes it ill when a comparison throws.
    private static void Merge<T>(Rendering run, (object Key, T Item)[] from, (object Key, T Item)[] to, int start, int width, bool reverse)
    {
        int left = start, leftEnd = Math.Min(start + width, from.Length);
        int right = leftEnd, rightEnd = Math.Min(start + 2 * width, from.Length);
        for (int at = start; at < rightEnd; at++)
        {
            bool takeRight = left == leftEnd || (right < rightEnd && (reverse
                ? PyOperators.IsLess(run, from[left].Key, from[right].Key)
                : PyOperators.IsLess(run, from[right].Key, from[left].Key)));
            to[at] = takeRight ? from[right++] : from[left++];
        }
    }
}
