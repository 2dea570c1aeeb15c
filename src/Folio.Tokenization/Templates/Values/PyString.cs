namespace Folio.Tokenization.Templates;

/// <summary>A Python str that knows which of its characters came from the template's inputs.</summary>
/// <remarks>
/// Positions in <see cref="Text"/> are UTF-16; Python counts code points. <see cref="Length"/> and <see cref="OffsetOf"/> are the bridge,
/// free of cost for text without surrogates.
/// </remarks>
internal sealed class PyString
{
    // Single characters are what loops over texts make in numbers.
    private static readonly PyString[] s_writtenAscii = [.. Enumerable.Range(0, 128).Select(code => new PyString(((char)code).ToString(), []))];
    private static readonly PyString[] s_inputAscii = [.. s_writtenAscii.Select(character => new PyString(character.Text, [new TextSpan(0, 1)]))];

    private readonly TextSpan[] _input; // sorted, disjoint, not empty

    private int _length = -1;

    public PyString(string text, TextSpan[] input, bool isMarkup = false) => (Text, _input, IsMarkup) = (text, input, isMarkup);

    public static PyString Empty { get; } = new("", []);

    public string Text { get; }

    public ReadOnlySpan<TextSpan> Input => _input;

    /// <summary>Marked by the filters safe or escape: adding another text to it escapes that text.</summary>
    public bool IsMarkup { get; }

    /// <summary>Length in code points.</summary>
    public int Length => _length >= 0 ? _length : _length = CountCodePoints(Text);

    public bool HasSurrogates => Length != Text.Length;

    public bool HasInput => _input.Length > 0;

    /// <summary>Text that the template wrote, or that the engine made from something that is no text.</summary>
    public static PyString Written(string text) => text.Length == 0 ? Empty : new(text, []);

    public static PyString FromInput(string text) => text.Length == 0 ? Empty : new(text, [new TextSpan(0, text.Length)]);

    /// <summary>A text made from this one in a way that cannot be followed character by character: all input if any was.</summary>
    public PyString Derived(string text) => HasInput ? FromInput(text) : Written(text);

    public PyString AsMarkup(bool isMarkup = true) => IsMarkup == isMarkup ? this : new PyString(Text, _input, isMarkup);

    /// <summary>A part, by UTF-16 positions.</summary>
    public PyString Part(int start, int length)
    {
        if (length == Text.Length) return this;
        if (length == 0) return Empty;
        if (length == 1 && char.IsAscii(Text[start])) return (IsInputAt(start) ? s_inputAscii : s_writtenAscii)[Text[start]];
        string text = Text.Substring(start, length);
        if (_input.Length == 0) return Written(text);
        var spans = new List<TextSpan>();
        for (int i = FirstSpanEndingAfter(start); i < _input.Length && _input[i].Start < start + length; i++)
        {
            int from = Math.Max(_input[i].Start, start);
            int to = Math.Min(_input[i].Start + _input[i].Length, start + length);
            spans.Add(new TextSpan(from - start, to - from));
        }

        return new PyString(text, [.. spans]);
    }

    public bool IsInputAt(int position)
    {
        int i = FirstSpanEndingAfter(position);
        return i < _input.Length && _input[i].Start <= position;
    }

    /// <summary>UTF-16 position of a code point's index.</summary>
    public int OffsetOf(Rendering run, int index)
    {
        if (!HasSurrogates) return index;
        run.Scan(Text.Length);
        int offset = 0;
        while (index-- > 0) offset += char.IsHighSurrogate(Text[offset]) && offset + 1 < Text.Length && char.IsLowSurrogate(Text[offset + 1]) ? 2 : 1;
        return offset;
    }

    /// <summary>Index in code points of a UTF-16 position.</summary>
    public int IndexOf(Rendering run, int offset)
    {
        if (!HasSurrogates) return offset;
        run.Scan(Text.Length);
        return CountCodePoints(Text.AsSpan(0, offset));
    }

    /// <summary>One code point, by its UTF-16 position.</summary>
    public PyString CharacterAt(int offset)
    {
        PyText.CodePointAt(Text, offset, out int length);
        return Part(offset, length);
    }

    /// <summary>The index of the first span that ends after a position.</summary>
    public int FirstSpanEndingAfter(int position)
    {
        int low = 0, high = _input.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_input[middle].Start + _input[middle].Length > position) high = middle;
            else low = middle + 1;
        }

        return low;
    }

    public override string ToString() => Text;

    private static int CountCodePoints(ReadOnlySpan<char> text)
    {
        int count = text.Length;
        int at = text.IndexOfAnyInRange('\uD800', '\uDBFF');
        if (at < 0) return count;
        for (; at + 1 < text.Length; at++)
        {
            if (char.IsHighSurrogate(text[at]) && char.IsLowSurrogate(text[at + 1])) count--;
        }

        return count;
    }
}
