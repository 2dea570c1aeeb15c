using System.Globalization;
using System.Text;

namespace Folio.Tokenization.PreTokenizing;

/// <summary>Reads the regular expressions that tokenizers split with, in Oniguruma's syntax, into <see cref="PatternNode"/>s.</summary>
/// <remarks>
/// .NET's own Regex sees UTF-16 code units where these patterns mean code points, and its linear engine has no look-ahead.
/// Understood: literals, escapes, <c>\p{…}</c>, classes, <c>(?:…)</c>, <c>(?i:…)</c>, <c>(?=…)</c>, <c>(?!…)</c>, alternatives, and ? * + {m,n} (also possessive) after a character;
/// a group may only be optional. Anything else is refused with the place where it stands.
/// </remarks>
internal ref struct PatternCompiler
{
    private const int MaxDepth = 32, MaxRepeat = 1000, MaxLength = 16_384;

    private readonly string _pattern;
    private int _at;
    private int _depth;

    private PatternCompiler(string pattern) => _pattern = pattern;

    public static PatternNode Compile(string pattern)
    {
        if (pattern.Length > MaxLength) throw new TokenizerException($"a split pattern has {pattern.Length} characters; at most {MaxLength} are read.");
        var compiler = new PatternCompiler(pattern);
        Build start = compiler.ReadAlternatives(ignoreCase: false);
        if (compiler._at < pattern.Length) throw compiler.Refuse("an unmatched ')'");
        return start(new AcceptNode());
    }

    /// <summary>A part of the pattern that waits to be told what follows it.</summary>
    private delegate PatternNode Build(PatternNode next);

    private Build ReadAlternatives(bool ignoreCase)
    {
        if (++_depth > MaxDepth) throw Refuse("groups nested too deeply");
        List<Build> options = [ReadSequence(ignoreCase)];
        while (TryTake('|')) options.Add(ReadSequence(ignoreCase));
        _depth--;
        return options.Count == 1 ? options[0] : next => new AlternativesNode([.. options.Select(option => option(next))]);
    }

    private Build ReadSequence(bool ignoreCase)
    {
        List<Build> parts = [];
        while (_at < _pattern.Length && _pattern[_at] is not ('|' or ')')) parts.Add(ReadItem(ignoreCase));
        return next =>
        {
            for (int i = parts.Count - 1; i >= 0; i--) next = parts[i](next);
            return next;
        };
    }

    private Build ReadItem(bool ignoreCase)
    {
        if (_pattern[_at] == '(') return ReadGroup(ignoreCase);
        CharSet set = ReadSet(ignoreCase);
        if (!TryReadRepeat(out int least, out int most, out bool possessive)) return next => new CharNode(set, next);
        return next => new LoopNode(set, least, most, possessive, next);
    }

    private Build ReadGroup(bool ignoreCase)
    {
        _at++;
        if (TryTake("?=")) return ReadLookAhead(ignoreCase, negative: false);
        if (TryTake("?!")) return ReadLookAhead(ignoreCase, negative: true);
        if (TryTake("?i:")) ignoreCase = true;
        else if (!TryTake("?:") && Peek() == '?') throw Refuse("this kind of group");

        Build body = ReadAlternatives(ignoreCase);
        if (!TryTake(')')) throw Refuse("a '(' without its ')'");
        if (!TryReadRepeat(out int least, out int most, out bool possessive)) return body;
        if (least != 0 || most != 1 || possessive) throw Refuse("a repeated group");
        return next => new AlternativesNode([body(next), next]);
    }

    private Build ReadLookAhead(bool ignoreCase, bool negative)
    {
        Build body = ReadAlternatives(ignoreCase);
        if (!TryTake(')')) throw Refuse("a '(' without its ')'");
        if (Peek() is '?' or '*' or '+' or '{') throw Refuse("a repeated look-ahead");
        return next => new LookAheadNode(body(new AcceptNode()), negative, next);
    }

    private bool TryReadRepeat(out int least, out int most, out bool possessive)
    {
        (least, most, possessive) = (1, 1, false);
        if (TryTake('?')) (least, most) = (0, 1);
        else if (TryTake('*')) (least, most) = (0, int.MaxValue);
        else if (TryTake('+')) (least, most) = (1, int.MaxValue);
        else if (Peek() == '{' && char.IsAsciiDigit(PeekAt(1)))
        {
            _at++;
            least = most = ReadNumber();
            if (TryTake(',')) most = Peek() == '}' ? int.MaxValue : ReadNumber();
            if (!TryTake('}') || most < least) throw Refuse("a repeat count");
            return true;    // in Oniguruma {m,n}+ is a repeat of a repeat, which the next item then refuses
        }
        else return false;

        possessive = TryTake('+');
        if (Peek() == '?') throw Refuse("a lazy repeat");
        return true;
    }

    private CharSet ReadSet(bool ignoreCase)
    {
        switch (Peek())
        {
            case '[': return ReadClass();
            case '.':
                _at++;
                return CharSet.Of('\n').Negate();
            case '\\': return ReadEscape(out _);
            case '*' or '+' or '?' or '{' or '^' or '$': throw Refuse($"'{Peek()}' at this place");
            default:
                int c = ReadRune();
                return ignoreCase ? FoldCase(c) : new CharSet(ranges: [(c, c)]);
        }
    }

    /// <summary>The simple case folding of ASCII letters; ſ folds to s and K to k.</summary>
    private static CharSet FoldCase(int c)
    {
        if (c >= 0x80 || !char.IsAsciiLetter((char)c)) return new CharSet(ranges: [(c, c)]);
        int lower = c | 0x20, upper = lower - 0x20;
        int other = lower switch { 's' => 0x17F, 'k' => 0x212A, _ => lower };
        return new CharSet(ranges: [(lower, lower), (upper, upper), (other, other)]);
    }

    private CharSet ReadClass()
    {
        _at++;
        bool negated = TryTake('^');
        List<(int, int)> ranges = [];
        List<CharSet> parts = [];
        while (!TryTake(']'))
        {
            if (_at >= _pattern.Length) throw Refuse("a '[' without its ']'");
            if (Peek() == '[' || (Peek() == '&' && PeekAt(1) == '&')) throw Refuse("a class inside a class");
            int first = ReadClassChar(parts);
            if (first < 0) continue;
            int last = first;
            if (Peek() == '-' && PeekAt(1) is not ']' and not '\0')
            {
                _at++;
                last = ReadClassChar(parts);
                if (last < first) throw Refuse("a character range");
            }

            ranges.Add((first, last));
        }

        return new CharSet(ranges: ranges, parts: parts, negated: negated);
    }

    /// <returns>The code point, or -1 where a whole set was read and added to <paramref name="parts"/>.</returns>
    private int ReadClassChar(List<CharSet> parts)
    {
        if (Peek() != '\\') return ReadRune();
        CharSet set = ReadEscape(out int codePoint);
        if (codePoint < 0) parts.Add(set);
        return codePoint;
    }

    private CharSet ReadEscape(out int codePoint)
    {
        _at++;
        if (_at >= _pattern.Length) throw Refuse("a '\\' at the end");
        codePoint = -1;
        char c = _pattern[_at++];
        switch (c)
        {
            case 's': return CategoryNames.WhiteSpace;
            case 'S': return CategoryNames.WhiteSpace.Negate();
            case 'd': return CategoryNames.Digit;
            case 'D': return CategoryNames.Digit.Negate();
            case 'w': return CategoryNames.Word;
            case 'W': return CategoryNames.Word.Negate();
            case 'p' or 'P':
                if (!TryTake('{')) throw Refuse("\\p without a name in braces");
                int end = _pattern.IndexOf('}', _at);
                string name = end < 0 ? "" : _pattern[_at..end];
                if (!CategoryNames.TryFind(name, out CharSet set)) throw Refuse($"the property '{name}'");
                _at = end + 1;
                return c == 'P' ? set.Negate() : set;
            case 'n': codePoint = '\n'; break;
            case 'r': codePoint = '\r'; break;
            case 't': codePoint = '\t'; break;
            case 'f': codePoint = '\f'; break;
            case 'v': codePoint = '\v'; break;
            case 'u': codePoint = ReadHex(4); break;
            case 'x' when TryTake('{'):
                int close = _pattern.IndexOf('}', _at);
                codePoint = ReadHex(Math.Clamp(close - _at, 1, 6));
                if (!TryTake('}')) throw Refuse("\\x{…}");
                break;
            case 'x': codePoint = ReadHex(2); break;
            default:
                if (char.IsAsciiLetterOrDigit(c)) throw Refuse($"'\\{c}'");
                codePoint = c;
                break;
        }

        return new CharSet(ranges: [(codePoint, codePoint)]);
    }

    private int ReadHex(int digits)
    {
        if (_at + digits > _pattern.Length || !int.TryParse(_pattern.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, null, out int value)) throw Refuse("a hexadecimal character");
        _at += digits;
        return value;
    }

    private int ReadNumber()
    {
        int value = 0;
        while (char.IsAsciiDigit(Peek()) && value <= MaxRepeat) value = (value * 10) + (_pattern[_at++] - '0');
        return value <= MaxRepeat ? value : throw Refuse("a repeat count");
    }

    private int ReadRune()
    {
        Rune.DecodeFromUtf16(_pattern.AsSpan(_at), out Rune rune, out int length);
        _at += length;
        return rune.Value;
    }

    private readonly char Peek() => PeekAt(0);

    private readonly char PeekAt(int ahead) => _at + ahead < _pattern.Length ? _pattern[_at + ahead] : '\0';

    private bool TryTake(char c)
    {
        if (_at >= _pattern.Length || _pattern[_at] != c) return false;
        _at++;
        return true;
    }

    private bool TryTake(string text)
    {
        if (!_pattern.AsSpan(_at).StartsWith(text, StringComparison.Ordinal)) return false;
        _at += text.Length;
        return true;
    }

    private readonly TokenizerException Refuse(string what) => new($"the split pattern '{_pattern}' has {what} (character {_at}), which is not understood.");
}
