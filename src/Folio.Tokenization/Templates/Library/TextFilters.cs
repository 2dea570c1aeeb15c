using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;

namespace Folio.Tokenization.Templates;

/// <summary>Filters from text to text.</summary>
internal static partial class TextFilters
{
    public static void AddTo(Action<string, string, Func<Rendering, Bound, object>> add)
    {
        void AddText(string names, string parameters, Func<Rendering, PyString, Bound, object> body) =>
            add(names, ("value " + parameters).TrimEnd(), (run, a) => body(run, a[0] as PyString ?? PyPrinter.Str(run, a[0]!), a));

        AddText("upper", "", (run, text, _) => Casing.Upper(run, text));
        AddText("lower", "", (run, text, _) => Casing.Lower(run, text));
        AddText("capitalize", "", (run, text, _) => Casing.Capitalize(run, text));
        AddText("title", "", (run, text, _) => Casing.TitleWords(run, text));
        AddText("trim", "chars?", (run, text, a) => Strings.Strip(run, text, a.TextOrNone(1)));
        AddText("replace", "old new count?", (run, text, a) => Strings.Replace(run, text, a.Text(1), a.Text(2), a[3] is PyNone ? -1 : a.Int(3, -1)));
        AddText("center", "width?", (run, text, a) => Strings.Pad(run, text, a.Int(1, 80), null, before: true, after: true));
        add("indent", "value width? first? blank?", (run, a) => Indent(run, a.Text(0), a[1], a.Flag(2), a.Flag(3)));
        AddText("escape e forceescape", "", (run, text, _) => Escaped.Html(run, text));
        AddText("striptags", "", (run, text, _) => StripTags(run, text));
        add("truncate", "value length? killwords? end? leeway?", (run, a) => Truncate(run, a.Text(0), a.Int(1, 255), a.Flag(2), a.TextOrNone(3) ?? PyString.Written("..."), a[4] is PyNone ? 5 : a.Int(4, 5)));
        AddText("urlencode", "", (run, text, _) => UrlEncode(run, text));
        AddText("wordcount", "", (run, text, _) => WordCount(run, text));
        add("wordwrap", "value width? break_long_words? wrapstring? break_on_hyphens?", (run, a) => Wrap(run, a.Text(0), a.Int(1, 79), a.Flag(2, true), a.TextOrNone(3) ?? PyString.Written("\n")));
    }

    private static PyString Indent(Rendering run, PyString text, object? width, bool first, bool blank)
    {
        PyString indent = width is PyString given ? given : new PyStringBuilder(run).AppendRepeated(PyString.Written(" "), width is null ? 4 : PyTypes.Int(width)).ToPyString();
        object[] lines = Strings.SplitLines(run, text, keepEnds: false).Items;
        var builder = new PyStringBuilder(run);
        // The filter adds a newline before it splits, so that a final one makes a line of its own.
        int count = lines.Length + (text.Text.Length == 0 || text.Text.EndsWith('\n') ? 1 : 0);
        for (int i = 0; i < count; i++)
        {
            PyString line = i < lines.Length ? (PyString)lines[i] : PyString.Empty;
            if (i > 0) builder.Append("\n");
            if (i == 0 ? first : blank || line.Text.Length > 0) builder.Append(indent);
            builder.Append(line);
        }

        return builder.ToPyString();
    }

    /// <summary>The text without its tags and with single spaces, as markupsafe does it; entities stay.</summary>
    private static PyString StripTags(Rendering run, PyString text)
    {
        run.Search(text.Text.Length, 32);
        var kept = new PyStringBuilder(run);
        int at = 0;
        while (at < text.Text.Length && text.Text.IndexOf('<', at) is >= 0 and var open)
        {
            bool isComment = text.Text.AsSpan(open).StartsWith("<!--");
            int close = text.Text.IndexOf(isComment ? "-->" : ">", open, StringComparison.Ordinal);
            if (close < 0) break;
            kept.Append(text, at, open - at);
            at = close + (isComment ? 3 : 1);
        }

        PyString plain = kept.Append(text, at, text.Text.Length - at).ToPyString();
        return Strings.Join(run, PyString.Written(" "), Strings.Split(run, plain, null, -1).Items, convert: false);
    }

    private static PyString Truncate(Rendering run, PyString text, int length, bool killWords, PyString end, int leeway)
    {
        if (length < end.Length) throw new EvaluationException($"expected length >= {end.Length}, got {length}");
        if (text.Length <= (long)length + leeway) return text;
        PyString cut = text.Part(0, text.OffsetOf(run, length - end.Length));
        if (!killWords && cut.Text.LastIndexOf(' ') is >= 0 and var space) cut = cut.Part(0, space);
        return new PyStringBuilder(run).Append(cut).Append(end).ToPyString();
    }

    private static PyString UrlEncode(Rendering run, PyString text) => Escaped.Map(run, text, codePoint =>
    {
        if (codePoint < 0x80 && (char.IsAsciiLetterOrDigit((char)codePoint) || codePoint is '_' or '.' or '-' or '~' or '/')) return null;
        return string.Concat(Encoding.UTF8.GetBytes(PyText.FromCodePoint(codePoint)).Select(unit => $"%{unit:X2}"));
    });

    private static BigInteger WordCount(Rendering run, PyString text)
    {
        run.Scan(text.Text.Length * 8);
        return Word().Count(text.Text);
    }

    /// <summary>Lines of at most so many characters, broken at spaces; where it breaks cannot be followed by characters.</summary>
    private static PyString Wrap(Rendering run, PyString text, int width, bool breakLongWords, PyString newline)
    {
        if (width <= 0) throw new EvaluationException($"invalid width {width} (must be > 0)");
        run.Characters(text.Text.Length * 2L);
        IEnumerable<string> lines = Strings.SplitLines(run, text, keepEnds: false).Items.Select(line => string.Join(newline.Text, WrapLine(run, ((PyString)line).Text, width, breakLongWords)));
        string wrapped = string.Join(newline.Text, lines);
        run.Characters(wrapped.Length);
        return newline.HasInput ? PyString.FromInput(wrapped) : text.Derived(wrapped);
    }

    private static List<string> WrapLine(Rendering run, string line, int width, bool breakLongWords)
    {
        List<string> lines = [];
        var current = new StringBuilder();
        foreach (string chunk in Chunk().Matches(line).Select(match => match.Value))
        {
            run.Step();
            string rest = chunk;
            if (current.Length + rest.Length > width && current.Length > 0)
            {
                AddLine();
                current.Clear();
                if (PyText.IsSpace(rest.AsSpan())) continue;
            }

            for (; breakLongWords && rest.Length > width; rest = rest[width..])
            {
                run.Scan(rest.Length);
                lines.Add(rest[..width]);
            }

            current.Append(rest);
        }

        AddLine();
        return lines;

        void AddLine()
        {
            string text = current.ToString().TrimEnd();
            if (text.Length > 0) lines.Add(text);
        }
    }

    [GeneratedRegex(@"\w+", RegexOptions.CultureInvariant)]
    private static partial Regex Word();

    [GeneratedRegex(@"\s+|[^\s-]*-+|[^\s-]+", RegexOptions.CultureInvariant)]
    private static partial Regex Chunk();
}
