namespace Folio.Tokenization.Templates;

/// <summary>Texts in which some characters are written in another way; what replaces a character has that character's origin.</summary>
internal static class Escaped
{
    /// <param name="replace">What to write for a code point; null to keep it.</param>
    public static void Append(PyStringBuilder builder, PyString text, Func<int, string?> replace)
    {
        int kept = 0;
        for (int i = 0; i < text.Text.Length;)
        {
            string? replacement = replace(PyText.CodePointAt(text.Text, i, out int length));
            if (replacement is not null)
            {
                builder.Append(text, kept, i - kept).Append(replacement, text.IsInputAt(i));
                kept = i + length;
            }

            i += length;
        }

        builder.Append(text, kept, text.Text.Length - kept);
    }

    public static PyString Map(Rendering run, PyString text, Func<int, string?> replace)
    {
        run.Scan(text.Text.Length);
        var builder = new PyStringBuilder(run);
        Append(builder, text, replace);
        return builder.ToPyString();
    }

    /// <summary>HTML's five characters, as markupsafe writes them.</summary>
    public static PyString Html(Rendering run, PyString text) => text.IsMarkup ? text : Map(run, text, codePoint => codePoint switch
    {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&#34;",
        '\'' => "&#39;",
        _ => null,
    }).AsMarkup();
}
