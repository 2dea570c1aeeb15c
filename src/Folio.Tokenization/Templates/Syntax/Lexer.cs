using System.Text.RegularExpressions;

namespace Folio.Tokenization.Templates;

/// <summary>Cuts a template into tokens, with trim_blocks and lstrip_blocks as transformers sets them.</summary>
/// <remarks>Follows jinja2/lexer.py 3.1: which white space goes depends on the marks' signs and on where the line started.</remarks>
internal sealed partial class Lexer
{
    private const string Operators = "** // == != >= <= + - * / % ~ [ ] ( ) { } > < = . : | , ;";
    private static readonly string[] s_operators = Operators.Split(' ');

    private readonly string _source;
    private readonly string _name;
    private readonly List<Token> _tokens = [];
    private int _position;
    private int _line = 1;
    private int _lineCounted;
    private bool _lineStarting = true;

    private Lexer(string source, string name)
    {
        source = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        _source = source.EndsWith('\n') ? source[..^1] : source;
        _name = name;
    }

    public static List<Token> Tokenize(string source, string name)
    {
        var lexer = new Lexer(source, name);
        while (lexer._position < lexer._source.Length) lexer.ReadDataAndMark();
        lexer.Add(TokenKind.End, "");
        return lexer._tokens;
    }

    private void ReadDataAndMark()
    {
        int mark = NextMark();
        if (mark < 0)
        {
            AddData(_source[_position..]);
            _position = _source.Length;
            return;
        }

        char kind = _source[mark + 1];
        char sign = mark + 2 < _source.Length && _source[mark + 2] is '-' or '+' ? _source[mark + 2] : ' ';
        AddData(StripBefore(_source[_position..mark], sign, isPrint: kind == '{'));
        int content = mark + (sign == ' ' ? 2 : 3);
        _position = mark;
        if (kind == '#') SkipComment(content);
        else if (kind == '%' && RawBegin().Match(_source, mark) is { Success: true } raw) ReadRaw(mark + raw.Length);
        else ReadCode(content, isPrint: kind == '{');
    }

    private int NextMark()
    {
        for (int at = _position; (at = _source.IndexOf('{', at)) >= 0 && at + 1 < _source.Length; at++)
        {
            if (_source[at + 1] is '{' or '%' or '#') return at;
        }

        return -1;
    }

    /// <summary>The text before a mark, without what '-' or lstrip_blocks takes from its end.</summary>
    private string StripBefore(string text, char sign, bool isPrint)
    {
        if (sign == '-') return text[..PyText.TrimmedEnd(text)];
        if (sign == '+' || isPrint) return text;
        int line = text.LastIndexOf('\n') + 1;
        bool atLineStart = line > 0 || _lineStarting;
        return atLineStart && PyText.IsSpace(text.AsSpan(line)) ? text[..line] : text;
    }

    /// <summary>Goes past a closing mark at <paramref name="end"/> and the white space that it takes along.</summary>
    private void Close(int end, char sign, bool trimNewline)
    {
        _position = end;
        if (sign == '-') while (_position < _source.Length && PyText.IsSpace(_source[_position])) _position++;
        else if (sign != '+' && trimNewline && _position < _source.Length && _source[_position] == '\n') _position++;
        _lineStarting = _source[_position - 1] == '\n';
    }

    private void SkipComment(int content)
    {
        int end = _source.IndexOf("#}", content, StringComparison.Ordinal);
        if (end < 0) throw Error("the comment has no end: expected '#}'");
        Close(end + 2, end > content ? _source[end - 1] : ' ', trimNewline: true);
    }

    private void ReadRaw(int content)
    {
        Match end = RawEnd().Match(_source, content);
        if (!end.Success) throw Error("the raw block has no end: expected '{% endraw %}'");
        _position = content;
        _lineStarting = _source[content - 1] == '\n';
        char sign = end.Groups[1].Length > 0 ? end.Groups[1].Value[0] : ' ';
        AddData(StripBefore(_source[content..end.Index], sign, isPrint: false));
        Close(end.Index + end.Length, end.Groups[2].Length > 0 ? end.Groups[2].Value[0] : ' ', trimNewline: true);
    }

    private void ReadCode(int content, bool isPrint)
    {
        Add(isPrint ? TokenKind.PrintBegin : TokenKind.TagBegin, "");
        _position = content;
        var open = new Stack<char>();
        while (true)
        {
            while (_position < _source.Length && PyText.IsSpace(_source[_position])) _position++;
            if (_position >= _source.Length) throw Error($"the template ends inside a tag: expected '{(isPrint ? "}}" : "%}")}'");
            if (open.Count == 0 && TryEndCode(isPrint)) return;
            ReadToken(open);
        }
    }

    private bool TryEndCode(bool isPrint)
    {
        char sign = _source[_position] is '-' || (_source[_position] is '+' && !isPrint) ? _source[_position] : ' ';
        int mark = sign == ' ' ? _position : _position + 1;
        if (string.CompareOrdinal(_source, mark, isPrint ? "}}" : "%}", 0, 2) != 0) return false;
        Add(isPrint ? TokenKind.PrintEnd : TokenKind.TagEnd, "");
        Close(mark + 2, sign, trimNewline: !isPrint);
        return true;
    }

    private void ReadToken(Stack<char> open)
    {
        char first = _source[_position];
        if (first is '\'' or '"') ReadString(first);
        else if (char.IsAsciiDigit(first) && Number().Match(_source, _position) is { Success: true } number) Take(number.Groups[1].Success ? TokenKind.Float : TokenKind.Integer, number.Length);
        else if (Name().Match(_source, _position) is { Success: true } name) Take(TokenKind.Name, name.Length);
        else ReadOperator(open);
    }

    private void ReadOperator(Stack<char> open)
    {
        foreach (string op in s_operators)
        {
            if (string.CompareOrdinal(_source, _position, op, 0, op.Length) != 0) continue;
            if (op is "(" or "[" or "{") open.Push(op == "(" ? ')' : op == "[" ? ']' : '}');
            if (op is ")" or "]" or "}" && (!open.TryPop(out char expected) || expected != op[0])) throw Error($"unexpected '{op}'{(expected == 0 ? "" : $": expected '{expected}'")}");
            Take(TokenKind.Operator, op.Length);
            return;
        }

        throw Error($"unexpected character '{_source[_position]}'");
    }

    private void ReadString(char quote)
    {
        int end = _position + 1;
        while (end < _source.Length && _source[end] != quote) end += _source[end] == '\\' ? 2 : 1;
        if (end >= _source.Length) throw Error($"the text that starts with {quote} has no end");
        string raw = _source[(_position + 1)..end];
        Add(TokenKind.String, raw.Contains('\\') ? StringEscapes.Resolve(raw) ?? throw Error("the text has a broken escape sequence") : raw);
        _position = end + 1;
    }

    private void Take(TokenKind kind, int length)
    {
        Add(kind, _source.Substring(_position, length));
        _position += length;
    }

    private void AddData(string text)
    {
        if (text.Length > 0) Add(TokenKind.Data, text);
    }

    private void Add(TokenKind kind, string text)
    {
        CountLines();
        _tokens.Add(new Token(kind, text, _line));
    }

    private void CountLines()
    {
        _line += _source.AsSpan(_lineCounted, _position - _lineCounted).Count('\n');
        _lineCounted = _position;
    }

    private TemplateException Error(string reason)
    {
        CountLines();
        return TemplateException.At(_name, _line, reason);
    }

    [GeneratedRegex(@"\G\{%[-+]?\s*raw\s*(?:-%\}\s*|%\})", RegexOptions.CultureInvariant)]
    private static partial Regex RawBegin();

    [GeneratedRegex(@"\{%([-+]?)\s*endraw\s*([-+]?)%\}", RegexOptions.CultureInvariant)]
    private static partial Regex RawEnd();

    // Group 1 is there for a float. Underscores may stand between digits, as in Python.
    [GeneratedRegex(@"\G(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|((?<!\.)[0-9](?:_?[0-9])*(?:(?:\.[0-9](?:_?[0-9])*)?[eE][-+]?[0-9](?:_?[0-9])*|\.[0-9](?:_?[0-9])*))|[1-9](?:_?[0-9])*|0(?:_?0)*)", RegexOptions.CultureInvariant)]
    private static partial Regex Number();

    [GeneratedRegex(@"\G\w+", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
