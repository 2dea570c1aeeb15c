using System.Runtime.InteropServices;
using System.Text;

namespace Folio.Tokenization.Normalizing;

/// <summary>Unicode normalisation form C (UAX #15): decompose, order the combining marks, compose. And form D, which leaves out the last.</summary>
internal static class CanonicalComposition
{
    // Hangul syllables are arithmetic (The Unicode Standard, 3.12).
    private const int HangulBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7;
    private const int Leads = 19, Vowels = 21, Trails = 28, Syllables = Leads * Vowels * Trails;

    public static string Apply(string text)
    {
        if (IsComposed(text)) return text;
        Span<int> codePoints = DecomposedRunes(text);
        return Join(codePoints[..Compose(codePoints)]);
    }

    /// <summary>Normalisation form D: the first two of the three.</summary>
    public static string Decompose(string text) => text.AsSpan().ContainsAnyExceptInRange('\0', '\u00BF') ? Join(DecomposedRunes(text)) : text;

    private static Span<int> DecomposedRunes(string text)
    {
        var runes = new List<int>(text.Length + 16);
        foreach (Rune rune in text.EnumerateRunes()) Decompose(rune.Value, runes);
        Span<int> codePoints = CollectionsMarshal.AsSpan(runes);
        Reorder(codePoints);
        return codePoints;
    }

    private static string Join(ReadOnlySpan<int> codePoints)
    {
        var text = new StringBuilder(codePoints.Length);
        foreach (int codePoint in codePoints)
        {
            if (codePoint <= char.MaxValue) text.Append((char)codePoint);
            else text.Append(new Rune(codePoint).ToString());
        }

        return text.ToString();
    }

    private static bool IsComposed(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange('\0', '\u02FF')) return true;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (CompositionData.Instance.MayChange(rune.Value)) return false;
        }

        return true;
    }

    private static void Decompose(int codePoint, List<int> runes)
    {
        int syllable = codePoint - HangulBase;
        if ((uint)syllable < Syllables)
        {
            runes.Add(LeadBase + (syllable / (Vowels * Trails)));
            runes.Add(VowelBase + (syllable % (Vowels * Trails) / Trails));
            if (syllable % Trails != 0) runes.Add(TrailBase + (syllable % Trails));
        }
        else if (codePoint >= 0xC0 && CompositionData.Instance.TryDecompose(codePoint, out (int First, int Second) parts))
        {
            Decompose(parts.First, runes);
            if (parts.Second != 0) Decompose(parts.Second, runes);
        }
        else runes.Add(codePoint);
    }

    /// <summary>Sorts each run of combining marks by class; equal classes keep their order.</summary>
    private static void Reorder(Span<int> codePoints)
    {
        for (int start = 0; start < codePoints.Length; start++)
        {
            if (ClassOf(codePoints[start]) == 0) continue;
            int end = start + 1;
            while (end < codePoints.Length && ClassOf(codePoints[end]) != 0) end++;
            if (end - start > 1)
            {
                Span<int> run = codePoints[start..end];
                long[] keys = new long[run.Length];
                for (int i = 0; i < keys.Length; i++) keys[i] = ((long)ClassOf(run[i]) << 32) | (uint)i;
                keys.AsSpan().Sort(run);
            }

            start = end;
        }
    }

    /// <returns>How many code points are left.</returns>
    private static int Compose(Span<int> codePoints)
    {
        int count = 0, starter = -1, lastClass = -1;    // lastClass: of the mark kept last after the starter, -1 where none was
        foreach (int codePoint in codePoints)
        {
            int combiningClass = ClassOf(codePoint);
            if (starter >= 0 && (lastClass < combiningClass || lastClass == -1) && TryCompose(codePoints[starter], codePoint, out int composed))
            {
                codePoints[starter] = composed;
                continue;
            }

            if (combiningClass == 0) (starter, lastClass) = (count, -1);
            else lastClass = combiningClass;
            codePoints[count++] = codePoint;
        }

        return count;
    }

    private static bool TryCompose(int first, int second, out int composed)
    {
        int lead = first - LeadBase, vowel = second - VowelBase;
        if ((uint)lead < Leads && (uint)vowel < Vowels)
        {
            composed = HangulBase + (((lead * Vowels) + vowel) * Trails);
            return true;
        }

        int syllable = first - HangulBase, trail = second - TrailBase;
        if ((uint)syllable < Syllables && syllable % Trails == 0 && trail is > 0 and < Trails)
        {
            composed = first + trail;
            return true;
        }

        return CompositionData.Instance.TryCompose(first, second, out composed);
    }

    private static int ClassOf(int codePoint) => CompositionData.Instance.ClassOf(codePoint);
}
