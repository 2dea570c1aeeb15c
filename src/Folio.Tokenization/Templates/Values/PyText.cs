using System.Globalization;
using System.Text;

namespace Folio.Tokenization.Templates;

/// <summary>What Python says of characters.</summary>
internal static class PyText
{
    /// <summary>str.isspace of one character: Unicode white space and the four separators U+001C to U+001F.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001c' and <= '\u001f';

    /// <returns>False for an empty text.</returns>
    public static bool IsSpace(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (!IsSpace(c)) return false;
        }

        return text.Length > 0;
    }

    /// <summary>Length of the text without the white space at its end.</summary>
    public static int TrimmedEnd(ReadOnlySpan<char> text)
    {
        int end = text.Length;
        while (end > 0 && IsSpace(text[end - 1])) end--;
        return end;
    }

    /// <summary>str.isprintable of one code point: what repr shows as it is.</summary>
    public static bool IsPrintable(int codePoint) => codePoint == ' ' || CharUnicodeInfo.GetUnicodeCategory(codePoint) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);

    public static bool IsCased(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint) is
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter;

    /// <summary>The code point at <paramref name="index"/>; a lone surrogate is its own.</summary>
    public static int CodePointAt(string text, int index, out int length)
    {
        bool pair = char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]);
        length = pair ? 2 : 1;
        return pair ? char.ConvertToUtf32(text[index], text[index + 1]) : text[index];
    }

    /// <summary>Order by code points, as Python compares; UTF-16 order differs above U+D7FF.</summary>
    public static int Compare(string a, string b)
    {
        int common = a.AsSpan().CommonPrefixLength(b);
        if (common == a.Length || common == b.Length) return a.Length.CompareTo(b.Length);
        char x = a[common], y = b[common];
        return char.IsSurrogate(x) == char.IsSurrogate(y) ? x.CompareTo(y) : char.IsSurrogate(x) ? 1 : -1;
    }

    public static string FromCodePoint(int codePoint) => codePoint is >= 0xD800 and <= 0xDFFF ? ((char)codePoint).ToString() : new Rune(codePoint).ToString();
}
