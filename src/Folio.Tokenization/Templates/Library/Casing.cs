using System.Collections.Frozen;
using System.Globalization;

namespace Folio.Tokenization.Templates;

/// <summary>upper, lower, title, capitalize and swapcase, with the letters that become several.</summary>
internal static class Casing
{
    // Unicode SpecialCasing.txt, unconditional upper case: each letter, then what it becomes; and two that .NET leaves alone.
    private const string SpecialUpper =
        "\u0131I \u017fS \u00dfSS \u0149\u02bcN \u01f0J\u030c \u0390\u0399\u0308\u0301 \u03b0\u03a5\u0308\u0301 \u0587\u0535\u0552 \u1e96H\u0331 \u1e97T\u0308 " +
        "\u1e98W\u030a \u1e99Y\u030a \u1e9aA\u02be \u1f50\u03a5\u0313 \u1f52\u03a5\u0313\u0300 \u1f54\u03a5\u0313\u0301 \u1f56\u03a5\u0313\u0342 " +
        "\u1f80\u1f08\u0399 \u1f81\u1f09\u0399 \u1f82\u1f0a\u0399 \u1f83\u1f0b\u0399 \u1f84\u1f0c\u0399 \u1f85\u1f0d\u0399 \u1f86\u1f0e\u0399 " +
        "\u1f87\u1f0f\u0399 \u1f88\u1f08\u0399 \u1f89\u1f09\u0399 \u1f8a\u1f0a\u0399 \u1f8b\u1f0b\u0399 \u1f8c\u1f0c\u0399 \u1f8d\u1f0d\u0399 " +
        "\u1f8e\u1f0e\u0399 \u1f8f\u1f0f\u0399 \u1f90\u1f28\u0399 \u1f91\u1f29\u0399 \u1f92\u1f2a\u0399 \u1f93\u1f2b\u0399 \u1f94\u1f2c\u0399 " +
        "\u1f95\u1f2d\u0399 \u1f96\u1f2e\u0399 \u1f97\u1f2f\u0399 \u1f98\u1f28\u0399 \u1f99\u1f29\u0399 \u1f9a\u1f2a\u0399 \u1f9b\u1f2b\u0399 " +
        "\u1f9c\u1f2c\u0399 \u1f9d\u1f2d\u0399 \u1f9e\u1f2e\u0399 \u1f9f\u1f2f\u0399 \u1fa0\u1f68\u0399 \u1fa1\u1f69\u0399 \u1fa2\u1f6a\u0399 " +
        "\u1fa3\u1f6b\u0399 \u1fa4\u1f6c\u0399 \u1fa5\u1f6d\u0399 \u1fa6\u1f6e\u0399 \u1fa7\u1f6f\u0399 \u1fa8\u1f68\u0399 \u1fa9\u1f69\u0399 " +
        "\u1faa\u1f6a\u0399 \u1fab\u1f6b\u0399 \u1fac\u1f6c\u0399 \u1fad\u1f6d\u0399 \u1fae\u1f6e\u0399 \u1faf\u1f6f\u0399 \u1fb2\u1fba\u0399 " +
        "\u1fb3\u0391\u0399 \u1fb4\u0386\u0399 \u1fb6\u0391\u0342 \u1fb7\u0391\u0342\u0399 \u1fbc\u0391\u0399 \u1fc2\u1fca\u0399 \u1fc3\u0397\u0399 " +
        "\u1fc4\u0389\u0399 \u1fc6\u0397\u0342 \u1fc7\u0397\u0342\u0399 \u1fcc\u0397\u0399 \u1fd2\u0399\u0308\u0300 \u1fd3\u0399\u0308\u0301 " +
        "\u1fd6\u0399\u0342 \u1fd7\u0399\u0308\u0342 \u1fe2\u03a5\u0308\u0300 \u1fe3\u03a5\u0308\u0301 \u1fe4\u03a1\u0313 \u1fe6\u03a5\u0342 " +
        "\u1fe7\u03a5\u0308\u0342 \u1ff2\u1ffa\u0399 \u1ff3\u03a9\u0399 \u1ff4\u038f\u0399 \u1ff6\u03a9\u0342 \u1ff7\u03a9\u0342\u0399 \u1ffc\u03a9\u0399 " +
        "\ufb00FF \ufb01FI \ufb02FL \ufb03FFI \ufb04FFL \ufb05ST \ufb06ST \ufb13\u0544\u0546 \ufb14\u0544\u0535 \ufb15\u0544\u053b \ufb16\u054e\u0546 " +
        "\ufb17\u0544\u053d";

    private static readonly FrozenDictionary<int, string> s_specialUpper = SpecialUpper.Split(' ').ToFrozenDictionary(entry => (int)entry[0], entry => entry[1..]);

    public static PyString Upper(Rendering run, PyString text) => Map(run, text, (_, codePoint) => UpperOf(codePoint));

    public static PyString Lower(Rendering run, PyString text) => Map(run, text, (at, codePoint) => LowerOf(text.Text, at, codePoint));

    /// <summary>First letter in title case, the rest in lower case.</summary>
    public static PyString Capitalize(Rendering run, PyString text) =>
        Map(run, text, (at, codePoint) => at == 0 ? TitleOf(codePoint) : LowerOf(text.Text, at, codePoint));

    /// <summary>str.title: a letter after anything that is no letter is in title case.</summary>
    public static PyString Title(Rendering run, PyString text)
    {
        bool afterLetter = false;
        return Map(run, text, (at, codePoint) =>
        {
            string mapped = afterLetter ? LowerOf(text.Text, at, codePoint) : TitleOf(codePoint);
            afterLetter = PyText.IsCased(codePoint);
            return mapped;
        });
    }

    /// <summary>Jinja's filter title: a word starts after white space or one of -({[&lt;.</summary>
    public static PyString TitleWords(Rendering run, PyString text) => Map(run, text, (at, codePoint) =>
        at == 0 || PyText.IsSpace(text.Text[at - 1]) || text.Text[at - 1] is '-' or '(' or '{' or '[' or '<' ? UpperOf(codePoint) : LowerOf(text.Text, at, codePoint));

    public static PyString Swap(Rendering run, PyString text) => Map(run, text, (at, codePoint) =>
        CharUnicodeInfo.GetUnicodeCategory(codePoint) == UnicodeCategory.UppercaseLetter ? LowerOf(text.Text, at, codePoint) : UpperOf(codePoint));

    private static PyString Map(Rendering run, PyString text, Func<int, int, string> map)
    {
        run.Scan(text.Text.Length * 4);
        var builder = new PyStringBuilder(run);
        for (int i = 0; i < text.Text.Length;)
        {
            int codePoint = PyText.CodePointAt(text.Text, i, out int length);
            builder.Append(map(i, codePoint), text.IsInputAt(i));
            i += length;
        }

        return builder.ToPyString().AsMarkup(text.IsMarkup);
    }

    private static string UpperOf(int codePoint) => s_specialUpper.GetValueOrDefault(codePoint) ?? PyText.FromCodePoint(codePoint).ToUpperInvariant();

    /// <summary>Title case is upper case but for Georgian, the digraphs (U+01C4 to U+01CC, U+01F1 to U+01F3), Greek letters with a iota below and letters that become several.</summary>
    private static string TitleOf(int codePoint)
    {
        if (codePoint is >= 0x10D0 and <= 0x10FF or 0x1FBC or 0x1FCC or 0x1FFC) return PyText.FromCodePoint(codePoint);
        if (codePoint is >= 0x1F80 and <= 0x1FAF) return PyText.FromCodePoint(codePoint | 8);
        if (codePoint is 0x1FB3 or 0x1FC3 or 0x1FF3) return PyText.FromCodePoint(codePoint + 9);
        if (codePoint is >= 0x1C4 and <= 0x1CC) return PyText.FromCodePoint(0x1C5 + (codePoint - 0x1C4) / 3 * 3);
        if (codePoint is >= 0x1F1 and <= 0x1F3) return "\u01f2";
        string upper = UpperOf(codePoint);
        bool isSeveral = s_specialUpper.ContainsKey(codePoint) && char.IsUpper(upper[0]);
        return isSeveral ? upper[0] + upper[1..].Replace('\u0399', '\u0345').ToLowerInvariant() : upper;
    }

    private static string LowerOf(string text, int at, int codePoint) => codePoint switch
    {
        0x130 => "i\u0307",
        0x3A3 when IsFinalSigma(text, at) => "\u03c2",
        _ => PyText.FromCodePoint(codePoint).ToLowerInvariant(),
    };

    /// <summary>A sigma after a letter and before none ends its word.</summary>
    private static bool IsFinalSigma(string text, int at) =>
        at > 0 && char.IsLetter(text[at - 1]) && (at + 1 == text.Length || !char.IsLetter(text[at + 1]));
}
