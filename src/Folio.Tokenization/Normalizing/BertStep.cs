using System.Globalization;
using System.Text;

namespace Folio.Tokenization.Normalizing;

/// <summary>BERT's normaliser (Hugging Face's BertNormalizer): control characters go, ideographs become words of their own, accents and capitals go.</summary>
internal sealed class BertStep(bool cleanText, bool spaceIdeographs, bool stripAccents, bool lowercase) : TextStep
{
    public override string Apply(string text, bool isFirst)
    {
        if (cleanText || spaceIdeographs) text = Cleaned(text);
        if (stripAccents) text = WithoutAccents(text);
        return lowercase ? Lowered(text) : text;
    }

    private string Cleaned(string text)
    {
        var cleaned = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (cleanText && IsControl(rune)) continue;
            if (cleanText && Rune.IsWhiteSpace(rune)) cleaned.Append(' ');
            else if (spaceIdeographs && IsIdeograph(rune.Value)) cleaned.Append(' ').Append(rune).Append(' ');
            else cleaned.Append(rune);
        }

        return cleaned.ToString();
    }

    /// <summary>Lone combining marks go too: what is left has none.</summary>
    private static string WithoutAccents(string text)
    {
        text = CanonicalComposition.Decompose(text);
        if (!text.AsSpan().ContainsAnyExceptInRange('\0', '\u02FF')) return text;
        var bare = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) != UnicodeCategory.NonSpacingMark) bare.Append(rune);
        }

        return bare.ToString();
    }

    private static string Lowered(string text) => text.Contains('\u0130') // İ, whose small letter is two characters
        ? text.Replace("\u0130", "i\u0307", StringComparison.Ordinal).ToLowerInvariant()
        : text.ToLowerInvariant();

    private static bool IsControl(Rune rune) => rune.Value is 0 or 0xFFFD
        || (rune.Value is not ('\t' or '\n' or '\r') && Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse);

    /// <summary>The blocks of the original's _is_chinese_char, as Hugging Face's tokenizers have them.</summary>
    private static bool IsIdeograph(int c) => c is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F)
        or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
}
