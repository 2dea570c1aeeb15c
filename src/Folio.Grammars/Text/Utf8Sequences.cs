using System.Text;

namespace Folio.Grammars;

/// <summary>A range of characters as sequences of byte ranges: each character's UTF-8 form lies in exactly one.</summary>
internal static class Utf8Sequences
{
    /// <returns>Each sequence: [bytes] (lowest, highest).</returns>
    public static IEnumerable<(byte Low, byte High)[]> Of(CodeRange range)
    {
        var work = new Stack<CodeRange>([range]);
        while (work.TryPop(out CodeRange next))
        {
            if (Split(next) is { } at)
            {
                work.Push(new(at, next.High));
                work.Push(new(next.Low, at - 1));
                continue;
            }

            byte[] low = Encode(next.Low), high = Encode(next.High);
            yield return [.. low.Zip(high)];
        }
    }

    private static byte[] Encode(int point)
    {
        var bytes = new byte[4];
        return bytes[..new Rune(point).EncodeToUtf8(bytes)];
    }

    /// <returns>Where the range must be cut: its ends differ in length, or a byte's range depends on the byte before. Null: nowhere.</returns>
    private static int? Split(CodeRange range)
    {
        foreach (int longest in (ReadOnlySpan<int>)[0x7F, 0x7FF, 0xFFFF])
        {
            if (range.Low <= longest && range.High > longest) return longest + 1;
        }

        if (range.High <= 0x7F) return null;
        for (int i = 1; i < 4; i++)
        {
            int tail = (1 << (6 * i)) - 1;
            if ((range.Low & ~tail) == (range.High & ~tail)) continue;
            if ((range.Low & tail) != 0) return (range.Low | tail) + 1;
            if ((range.High & tail) != tail) return range.High & ~tail;
        }

        return null;
    }
}
