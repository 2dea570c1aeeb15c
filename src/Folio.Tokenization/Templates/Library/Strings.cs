using System.Buffers;

namespace Folio.Tokenization.Templates;

/// <summary>What both the methods of str and the filters do with texts.</summary>
internal static class Strings
{
    private static readonly SearchValues<char> s_lineEnds = SearchValues.Create("\n\r\v\f\u001c\u001d\u001e\u0085\u2028\u2029");

    /// <param name="characters">The characters to take away; null for white space.</param>
    public static PyString Strip(Rendering run, PyString text, PyString? characters, bool left = true, bool right = true)
    {
        run.Search(text.Text.Length, characters?.Text.Length ?? 1);
        int start = 0, end = text.Text.Length;
        bool Goes(int at, int length) => characters is null ? PyText.IsSpace(text.Text[at]) : characters.Text.AsSpan().Contains(text.Text.AsSpan(at, length), StringComparison.Ordinal);
        while (left && start < end && PyText.CodePointAt(text.Text, start, out int length) >= 0 && Goes(start, length)) start += length;
        while (right && end > start && Goes(end - LengthBefore(text.Text, end), LengthBefore(text.Text, end))) end -= LengthBefore(text.Text, end);
        run.Characters(end - start);
        return text.Part(start, end - start).AsMarkup(text.IsMarkup);
    }

    public static PyString Replace(Rendering run, PyString text, PyString old, PyString with, int count = -1)
    {
        run.Search(text.Text.Length, old.Text.Length);
        var builder = new PyStringBuilder(run);
        int kept = 0;
        if (old.Text.Length == 0)
        {
            for (int at = 0; at <= text.Text.Length && count != 0; count--)
            {
                run.Step();
                builder.Append(text, kept, at - kept).Append(with);
                kept = at;
                if (at == text.Text.Length) break;
                PyText.CodePointAt(text.Text, at, out int length);
                at += length;
            }
        }
        else
        {
            for (int at; count != 0 && (at = text.Text.IndexOf(old.Text, kept, StringComparison.Ordinal)) >= 0; count--)
            {
                run.Step();
                builder.Append(text, kept, at - kept).Append(with);
                kept = at + old.Text.Length;
            }
        }

        return builder.Append(text, kept, text.Text.Length - kept).ToPyString();
    }

    public static PyList Split(Rendering run, PyString text, PyString? separator, int max)
    {
        if (separator is null) return SplitAtSpace(run, text, max);
        if (separator.Text.Length == 0) throw new EvaluationException("empty separator");
        run.Search(text.Text.Length, separator.Text.Length);
        List<object> parts = [];
        int start = 0;
        for (int at; max != 0 && (at = text.Text.IndexOf(separator.Text, start, StringComparison.Ordinal)) >= 0; max--)
        {
            parts.Add(Part(run, text, start, at));
            start = at + separator.Text.Length;
        }

        parts.Add(Part(run, text, start, text.Text.Length));
        return new PyList([.. parts]);
    }

    public static PyList SplitFromRight(Rendering run, PyString text, PyString? separator, int max)
    {
        if (separator is null) return SplitAtSpaceFromRight(run, text, max);
        if (separator.Text.Length == 0) throw new EvaluationException("empty separator");
        run.Search(text.Text.Length, separator.Text.Length);
        List<object> parts = [];
        int end = text.Text.Length;
        for (int at; max != 0 && (at = LastIndexOf(text.Text, separator.Text, end)) >= 0; max--)
        {
            parts.Add(Part(run, text, at + separator.Text.Length, end));
            end = at;
        }

        parts.Add(Part(run, text, 0, end));
        parts.Reverse();
        return new PyList([.. parts]);
    }

    public static PyTuple Partition(Rendering run, PyString text, PyString separator, bool last)
    {
        if (separator.Text.Length == 0) throw new EvaluationException("empty separator");
        run.Search(text.Text.Length, separator.Text.Length);
        int at = last ? LastIndexOf(text.Text, separator.Text, text.Text.Length) : text.Text.IndexOf(separator.Text, StringComparison.Ordinal);
        if (at < 0) return last ? new PyTuple([PyString.Empty, PyString.Empty, text]) : new PyTuple([text, PyString.Empty, PyString.Empty]);
        int end = at + separator.Text.Length;
        return new PyTuple([Part(run, text, 0, at), Part(run, text, at, end), Part(run, text, end, text.Text.Length)]);
    }

    public static PyList SplitLines(Rendering run, PyString text, bool keepEnds)
    {
        run.Scan(text.Text.Length);
        List<object> lines = [];
        for (int start = 0; start < text.Text.Length;)
        {
            int end = text.Text.AsSpan(start).IndexOfAny(s_lineEnds) is >= 0 and var found ? start + found : text.Text.Length;
            int next = end == text.Text.Length ? end : text.Text.AsSpan(end).StartsWith("\r\n") ? end + 2 : end + 1;
            lines.Add(Part(run, text, start, keepEnds ? next : end));
            start = next;
        }

        return new PyList([.. lines]);
    }

    /// <summary>separator.join(items); the items must be texts, unless <paramref name="convert"/> makes them so.</summary>
    public static PyString Join(Rendering run, PyString separator, IEnumerable<object> items, bool convert)
    {
        var builder = new PyStringBuilder(run);
        int count = 0;
        foreach (object item in items)
        {
            if (count > 0) builder.Append(separator);
            if (convert) PyPrinter.AppendStr(run, builder, item);
            else builder.Append(item as PyString ?? throw new EvaluationException($"sequence item {count}: expected str instance, {PyTypes.NameOf(item)} found"));
            count++;
        }

        return builder.ToPyString();
    }

    /// <summary>ljust, rjust and center.</summary>
    public static PyString Pad(Rendering run, PyString text, int width, PyString? fill, bool before, bool after)
    {
        fill ??= PyString.Written(" ");
        if (fill.Length != 1) throw new EvaluationException("The fill character must be exactly one character long");
        int missing = Math.Max(0, width - text.Length);
        // Python's center puts the odd character to the left where both the width and the rest are odd.
        int leading = !before ? 0 : !after ? missing : missing / 2 + (missing & width & 1);
        return new PyStringBuilder(run).AppendRepeated(fill, leading).Append(text).AppendRepeated(fill, missing - leading).ToPyString();
    }

    /// <summary>A part between two UTF-16 positions, paid for.</summary>
    public static PyString Part(Rendering run, PyString text, int start, int end)
    {
        run.Step();
        run.Characters(end - start);
        return text.Part(start, end - start);
    }

    /// <summary>Position of the last occurrence that ends at or before <paramref name="end"/>; -1 if there is none.</summary>
    public static int LastIndexOf(string text, string part, int end) => text.AsSpan(0, end).LastIndexOf(part, StringComparison.Ordinal);

    private static PyList SplitAtSpace(Rendering run, PyString text, int max)
    {
        run.Scan(text.Text.Length);
        List<object> parts = [];
        for (int at = SkipSpace(text.Text, 0); at < text.Text.Length;)
        {
            int end = at;
            if (max-- == 0) end = text.Text.Length;
            else while (end < text.Text.Length && !PyText.IsSpace(text.Text[end])) end++;
            parts.Add(Part(run, text, at, end));
            at = SkipSpace(text.Text, end);
        }

        return new PyList([.. parts]);
    }

    private static PyList SplitAtSpaceFromRight(Rendering run, PyString text, int max)
    {
        run.Scan(text.Text.Length);
        List<object> parts = [];
        for (int end = PyText.TrimmedEnd(text.Text); end > 0;)
        {
            int start = end;
            if (max-- == 0) start = 0;
            else while (start > 0 && !PyText.IsSpace(text.Text[start - 1])) start--;
            parts.Add(Part(run, text, start, end));
            end = PyText.TrimmedEnd(text.Text.AsSpan(0, start));
        }

        parts.Reverse();
        return new PyList([.. parts]);
    }

    private static int SkipSpace(string text, int at)
    {
        while (at < text.Length && PyText.IsSpace(text[at])) at++;
        return at;
    }

    private static int LengthBefore(string text, int end) => end > 1 && char.IsLowSurrogate(text[end - 1]) && char.IsHighSurrogate(text[end - 2]) ? 2 : 1;
}
