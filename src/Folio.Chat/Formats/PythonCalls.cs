using System.Globalization;
using System.Text;

namespace Folio.Chat;

/// <summary>Parses a Python list of calls with literal keyword arguments. Nothing is evaluated: whatever is no literal makes the whole no list of calls.</summary>
internal ref struct PythonCalls
{
    private const int MaxDepth = 64;

    private readonly ReadOnlySpan<char> _text;
    private readonly StringBuilder _json = new();
    private int _at;

    private PythonCalls(ReadOnlySpan<char> text) => _text = text;

    /// <returns>Each call's name and its arguments as a JSON object; null: it is no list of calls.</returns>
    public static IReadOnlyList<(string Name, string Arguments)>? Parse(ReadOnlySpan<char> list)
    {
        var parser = new PythonCalls(list);
        return parser.TryReadList(out List<(string, string)> calls) ? calls : null;
    }

    public static bool IsNamePart(char c) => char.IsLetterOrDigit(c) || c is '_' or '.';

    private bool TryReadList(out List<(string Name, string Arguments)> calls)
    {
        calls = [];
        if (!Skip('[')) return false;
        do
        {
            if (calls.Count > 0 && Skip(']')) return AtEnd(); // a comma may stand behind the last
            if (!TryReadName(out string name) || !Skip('(')) return false;
            _json.Clear();
            if (!TryReadArguments()) return false;
            calls.Add((name, _json.ToString()));
        }
        while (Skip(','));
        return Skip(']') && AtEnd();
    }

    private bool TryReadArguments()
    {
        _json.Append('{');
        bool isFirst = true;
        while (!Skip(')'))
        {
            if (!isFirst && !Skip(',')) return false;
            if (!isFirst && Skip(')')) break;
            if (!TryReadName(out string key) || !Skip('=')) return false;
            if (!isFirst) _json.Append(", ");
            _json.AppendString(key).Append(": ");
            if (!TryReadValue(0)) return false;
            isFirst = false;
        }

        _json.Append('}');
        return true;
    }

    private bool TryReadValue(int depth)
    {
        SkipSpace();
        if (depth > MaxDepth || _at == _text.Length) return false;
        char c = _text[_at];
        if (c is '\'' or '"')
        {
            if (!TryReadText(out string text)) return false;
            _json.AppendString(text);
            return true;
        }

        if (c is '[' or '(') return TryReadItems(c == '[' ? ']' : ')', depth);
        if (c == '{') return TryReadDictionary(depth);
        if (char.IsAsciiDigit(c) || c is '-' or '+' or '.') return TryReadNumber();
        return TryReadName(out string name) && TryAppend(name switch { "True" or "true" => "true", "False" or "false" => "false", "None" or "null" => "null", _ => null });
    }

    private bool TryReadItems(char end, int depth)
    {
        _at++;
        _json.Append('[');
        bool isFirst = true;
        while (!Skip(end))
        {
            if (!isFirst && !Skip(',')) return false;
            if (!isFirst && Skip(end)) break;
            if (!isFirst) _json.Append(", ");
            if (!TryReadValue(depth + 1)) return false;
            isFirst = false;
        }

        _json.Append(']');
        return true;
    }

    private bool TryReadDictionary(int depth)
    {
        _at++;
        _json.Append('{');
        bool isFirst = true;
        while (!Skip('}'))
        {
            if (!isFirst && !Skip(',')) return false;
            if (!isFirst && Skip('}')) break;
            if (!isFirst) _json.Append(", ");
            SkipSpace();
            if (!TryReadText(out string key) || !Skip(':')) return false; // JSON's names are strings
            _json.AppendString(key).Append(": ");
            if (!TryReadValue(depth + 1)) return false;
            isFirst = false;
        }

        _json.Append('}');
        return true;
    }

    /// <summary>An integer of any size or a float, written as JSON writes it.</summary>
    private bool TryReadNumber()
    {
        bool isNegative = _text[_at] == '-';
        if (_text[_at] is '-' or '+') _at++;
        ReadOnlySpan<char> whole = Digits(), fraction = default, exponent = default;
        bool hasPoint = TryTake('.'), hasExponent = false;
        if (hasPoint) fraction = Digits();
        if (whole.IsEmpty && fraction.IsEmpty) return false;
        if (_at < _text.Length && _text[_at] is 'e' or 'E')
        {
            hasExponent = true;
            int start = ++_at;
            if (_at < _text.Length && _text[_at] is '-' or '+') _at++;
            if (Digits().IsEmpty) return false;
            exponent = _text[start.._at];
        }

        if (!hasPoint && !hasExponent && whole.Length > 1 && whole[0] == '0') return false; // Python refuses 007, as JSON does
        if (_at < _text.Length && IsNamePart(_text[_at])) return false;                       // 0x10, 1j, 1_000
        ReadOnlySpan<char> significant = whole.TrimStart('0');
        _json.Append(isNegative ? "-" : "").Append(significant.IsEmpty ? "0" : significant);
        if (hasPoint) _json.Append('.').Append(fraction.IsEmpty ? "0" : fraction);
        if (hasExponent) _json.Append('e').Append(exponent);
        return true;
    }

    /// <summary>String literals, one behind the other, joined.</summary>
    private bool TryReadText(out string text)
    {
        var joined = new StringBuilder();
        bool any = false;
        text = "";
        while (_at < _text.Length && _text[_at] is '\'' or '"')
        {
            if (!TryReadLiteral(joined)) return false;
            any = true;
            SkipSpace();
        }

        text = joined.ToString();
        return any;
    }

    private bool TryReadLiteral(StringBuilder text)
    {
        char quote = _text[_at++];
        while (_at < _text.Length)
        {
            char c = _text[_at++];
            if (c == quote) return true;
            if (c != '\\') text.Append(c);
            else if (!TryReadEscape(text)) return false;
        }

        return false;
    }

    private bool TryReadEscape(StringBuilder text)
    {
        if (_at == _text.Length) return false;
        char c = _text[_at++];
        switch (c)
        {
            case '\n': return true; // the line goes on
            case '\\' or '\'' or '"': text.Append(c); return true;
            case 'n': text.Append('\n'); return true;
            case 'r': text.Append('\r'); return true;
            case 't': text.Append('\t'); return true;
            case 'a': text.Append('\a'); return true;
            case 'b': text.Append('\b'); return true;
            case 'f': text.Append('\f'); return true;
            case 'v': text.Append('\v'); return true;
            case 'x': return TryReadCode(text, 2);
            case 'u': return TryReadCode(text, 4);
            case 'U': return TryReadCode(text, 8);
            case 'N': return false; // names of characters
            case >= '0' and <= '7': return TryReadOctal(text);
            default: text.Append('\\').Append(c); return true; // Python keeps what it doesn't know
        }
    }

    private bool TryReadCode(StringBuilder text, int digits)
    {
        if (_text.Length - _at < digits || !uint.TryParse(_text.Slice(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint code) || code > 0x10FFFF) return false;
        _at += digits;
        if (code <= char.MaxValue) text.Append((char)code);
        else text.Append(char.ConvertFromUtf32((int)code));
        return true;
    }

    private bool TryReadOctal(StringBuilder text)
    {
        int code = _text[_at - 1] - '0';
        for (int digits = 1; digits < 3 && _at < _text.Length && _text[_at] is >= '0' and <= '7'; digits++) code = (8 * code) + _text[_at++] - '0';
        text.Append((char)code);
        return true;
    }

    private bool TryReadName(out string name)
    {
        SkipSpace();
        int start = _at;
        if (_at < _text.Length && (char.IsLetter(_text[_at]) || _text[_at] == '_'))
        {
            while (_at < _text.Length && IsNamePart(_text[_at])) _at++;
        }

        name = _text[start.._at].ToString();
        return name.Length > 0;
    }

    private readonly bool TryAppend(string? literal)
    {
        _json.Append(literal);
        return literal is not null;
    }

    private ReadOnlySpan<char> Digits()
    {
        int start = _at;
        while (_at < _text.Length && char.IsAsciiDigit(_text[_at])) _at++;
        return _text[start.._at];
    }

    private bool TryTake(char c)
    {
        if (_at == _text.Length || _text[_at] != c) return false;
        _at++;
        return true;
    }

    /// <summary>White space, then this character if it is there.</summary>
    private bool Skip(char c)
    {
        SkipSpace();
        return TryTake(c);
    }

    private bool AtEnd()
    {
        SkipSpace();
        return _at == _text.Length;
    }

    private void SkipSpace()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at])) _at++;
    }
}
