using System.Text;

namespace Folio.Tokenization.Templates;

/// <summary>Puts a text together from parts, and keeps track of which characters came from inputs.</summary>
internal sealed class PyStringBuilder(Rendering run)
{
    private readonly StringBuilder _text = new();
    private readonly List<TextSpan> _input = [];

    public int Length => _text.Length;

    /// <summary>Adds text that the template wrote.</summary>
    public PyStringBuilder Append(string text)
    {
        run.Grow(text.Length, (long)_text.Length + text.Length);
        _text.Append(text);
        return this;
    }

    public PyStringBuilder Append(string text, bool isInput)
    {
        if (isInput) AddSpan(_text.Length, text.Length);
        return Append(text);
    }

    public PyStringBuilder Append(PyString text) => Append(text, 0, text.Text.Length);

    /// <summary>Adds a part of a text, by UTF-16 positions.</summary>
    public PyStringBuilder Append(PyString text, int start, int length)
    {
        if (length == 0) return this;
        int shift = _text.Length - start;
        run.Grow(length, (long)_text.Length + length);
        ReadOnlySpan<TextSpan> spans = text.Input;
        for (int i = spans.Length == 0 ? 0 : text.FirstSpanEndingAfter(start); i < spans.Length && spans[i].Start < start + length; i++)
        {
            int from = Math.Max(spans[i].Start, start);
            AddSpan(from + shift, Math.Min(spans[i].Start + spans[i].Length, start + length) - from);
        }

        _text.Append(text.Text, start, length);
        return this;
    }

    public PyStringBuilder AppendRepeated(PyString text, long count)
    {
        run.Characters(text.Text.Length * Math.Max(0, count));
        if (text.Text.Length == 0) return this;
        for (; count > 0; count--) Append(text);
        return this;
    }

    public PyString ToPyString() => _text.Length == 0 ? PyString.Empty : new PyString(_text.ToString(), [.. _input]);

    private void AddSpan(int start, int length)
    {
        if (length == 0) return;
        if (_input.Count > 0 && _input[^1] is var last && last.Start + last.Length == start) _input[^1] = new TextSpan(last.Start, last.Length + length);
        else _input.Add(new TextSpan(start, length));
    }
}
