using System.Globalization;
using System.Text;

namespace Folio.Grammars;

/// <summary>Reads a regular expression.</summary>
internal sealed class RegexParser
{
    private const int DeepestGroup = 200;
    private const int LongestRepeat = 1_000_000;

    private static readonly CodeRange[] s_lineEnds = [new('\n', '\n'), new('\r', '\r'), new(0x2028, 0x2029)];

    private readonly int[] _points;
    private readonly Budget _budget;
    private int _at, _depth;

    private RegexParser(string pattern, Budget budget)
    {
        _points = [.. pattern.EnumerateRunes().Select(rune => rune.Value)];
        _budget = budget;
    }

    public static RegexNode Parse(string pattern, Budget budget)
    {
        var parser = new RegexParser(pattern, budget);
        RegexNode node = parser.Alternatives();
        if (parser._at < parser._points.Length) throw parser.Error("a ) has no (");
        return node;
    }

    private RegexNode Alternatives()
    {
        var branches = new List<RegexNode> { Sequence() };
        while (Take('|')) branches.Add(Sequence());
        return branches.Count == 1 ? branches[0] : new RegexNode.Alternatives(branches);
    }

    private RegexNode Sequence()
    {
        var items = new List<RegexNode>();
        while (_at < _points.Length && _points[_at] is not ('|' or ')'))
        {
            _budget.Spend();
            items.Add(Repeated(Atom()));
        }

        return items.Count == 1 ? items[0] : new RegexNode.Sequence(items);
    }

    private RegexNode Repeated(RegexNode item)
    {
        while (_at < _points.Length)
        {
            (int Least, int? Most) count;
            if (Take('*')) count = (0, null);
            else if (Take('+')) count = (1, null);
            else if (Take('?')) count = (0, 1);
            else if (_points[_at] == '{' && Braces() is { } braces) count = braces;
            else return item;
            if (item is RegexNode.AtStart or RegexNode.AtEnd) throw Error("^ and $ can't be repeated");
            if (Take('+')) throw Error("possessive repetitions aren't supported");
            Take('?');
            item = new RegexNode.Repeat(item, count.Least, count.Most);
        }

        return item;
    }

    /// <returns>Null if the brace is a character like any other.</returns>
    private (int Least, int? Most)? Braces()
    {
        int start = _at++;
        int? least = Number(), most = least;
        if (least is not null && Take(',')) most = Number();
        if (least is null || !Take('}'))
        {
            _at = start;
            return null;
        }

        if (most < least) throw Error($"{{{least},{most}}} ends before it begins");
        return (least.Value, most);
    }

    private int? Number()
    {
        int value = 0, start = _at;
        for (; _at < _points.Length && _points[_at] is >= '0' and <= '9'; _at++)
        {
            value = (value * 10) + _points[_at] - '0';
            if (value > LongestRepeat) throw Error($"a repetition above {LongestRepeat} isn't supported");
        }

        return _at == start ? null : value;
    }

    private RegexNode Atom()
    {
        int point = _points[_at++];
        return point switch
        {
            '(' => Group(),
            '[' => new RegexNode.Chars(Class()),
            '.' => new RegexNode.Chars(CodeRanges.Except(s_lineEnds)),
            '^' => new RegexNode.AtStart(),
            '$' => new RegexNode.AtEnd(),
            '*' or '+' or '?' => throw Error($"{(char)point} has nothing to repeat"),
            '\\' => Escape(),
            _ => new RegexNode.Chars(CodeRanges.Of(point)),
        };
    }

    private RegexNode Group()
    {
        if (++_depth > DeepestGroup) throw Error($"groups nest deeper than {DeepestGroup}");
        if (Take('?'))
        {
            bool named = Take('P') & (_at < _points.Length);
            if (Take('<') && _at < _points.Length && _points[_at] is not ('=' or '!'))
            {
                while (_at < _points.Length && _points[_at] != '>') _at++;
                if (!Take('>')) throw Error("a group's name has no >");
            }
            else if (named || !Take(':'))
            {
                throw Error("lookarounds, atomic groups and inline flags aren't supported");
            }
        }

        RegexNode node = Alternatives();
        if (!Take(')')) throw Error("a ( has no )");
        _depth--;
        return node is RegexNode.AtStart or RegexNode.AtEnd ? new RegexNode.Sequence([node]) : node;
    }

    private RegexNode Escape()
    {
        if (_at == _points.Length) throw Error("it ends in \\");
        if (_points[_at] is 'b' or 'B') throw Error("word borders (\\b, \\B) aren't supported");
        if (_points[_at] is (>= '1' and <= '9') or 'k') throw Error("backreferences aren't supported");
        if (_points[_at] is 'A')
        {
            _at++;
            return new RegexNode.AtStart();
        }

        if (_points[_at] is 'z' or 'Z')
        {
            _at++;
            return new RegexNode.AtEnd();
        }

        return new RegexNode.Chars(EscapedSet() ?? CodeRanges.Of(EscapedPoint()));
    }

    private CodeRange[] Class()
    {
        bool negated = Take('^');
        var ranges = new List<CodeRange>();
        for (bool first = true; ; first = false)
        {
            _budget.Spend();
            if (_at == _points.Length) throw Error("a [ has no ]");
            if (!first && Take(']')) break;
            if (first && Take(']'))
            {
                if (negated) return CodeRanges.All;
                throw Error("[] matches nothing");
            }

            if (_points[_at] == '[' && _at + 1 < _points.Length && _points[_at + 1] == ':') throw Error("POSIX classes such as [:alpha:] aren't supported");
            if (ClassItem(out int low) is { } set)
            {
                ranges.AddRange(set);
                continue;
            }

            int high = low;
            if (_at + 1 < _points.Length && _points[_at] == '-' && _points[_at + 1] != ']')
            {
                _at++;
                if (ClassItem(out high) is not null) throw Error("a range can't end in a class");
                if (high < low) throw Error("a range's end is below its beginning");
            }

            ranges.Add(new(low, high));
        }

        CodeRange[] union = CodeRanges.Union(ranges);
        return negated ? CodeRanges.Except(union) : union;
    }

    private CodeRange[]? ClassItem(out int point)
    {
        point = _points[_at++];
        if (point != '\\') return null;
        if (_at == _points.Length) throw Error("it ends in \\");
        if (_points[_at] == 'b')
        {
            _at++;
            point = '\b';
            return null;
        }

        if (EscapedSet() is { } set) return set;
        point = EscapedPoint();
        return null;
    }

    /// <returns>Null if no set's letter follows.</returns>
    private CodeRange[]? EscapedSet()
    {
        int letter = _points[_at];
        CodeRange[]? set = (char)(letter | 0x20) switch
        {
            'd' when letter < 0x80 => [new('0', '9')],
            'w' when letter < 0x80 => [new('0', '9'), new('A', 'Z'), new('_', '_'), new('a', 'z')],
            's' when letter < 0x80 => UnicodeSets.Spaces,
            'p' when letter < 0x80 => Category(),
            _ => null,
        };
        if (set is null) return null;
        _at++;
        return letter is 'D' or 'W' or 'S' or 'P' ? CodeRanges.Except(set) : set;
    }

    /// <summary>\p{Name}; leaves the position on its last character.</summary>
    private CodeRange[] Category()
    {
        int start = _at + 1, end = start;
        if (start < _points.Length && _points[start] == '{') end = Array.IndexOf(_points, '}', start);
        if (end < 0 || start >= _points.Length) throw Error("\\p has no }");
        string name = string.Concat(_points[start..(end + 1)].Select(char.ConvertFromUtf32)).Trim('{', '}');
        _at = end;
        return UnicodeSets.Category(name, _budget) ?? throw Error($"\\p{{{name}}} isn't supported; general categories such as L, Lu, Nd and Letter are");
    }

    private int EscapedPoint()
    {
        int letter = _points[_at++];
        switch (letter)
        {
            case 't': return '\t';
            case 'n': return '\n';
            case 'r': return '\r';
            case 'f': return '\f';
            case 'v': return '\v';
            case 'a': return '\a';
            case '0': return 0;
            case 'x': return Hex(2);
            case 'c' when _at < _points.Length && char.IsAsciiLetter((char)_points[_at]): return _points[_at++] % 32;
            case 'u' when Take('{'):
                int value = Hex(null);
                if (!Take('}')) throw Error("\\u{ has no }");
                return value;
            case 'u':
                int unit = Hex(4);
                if (unit is < 0xD800 or > 0xDBFF || _at + 1 >= _points.Length || _points[_at] != '\\' || _points[_at + 1] != 'u') return unit;
                _at += 2;
                return char.ConvertToUtf32((char)unit, (char)Hex(4));
            default:
                if (letter < 0x80 && char.IsAsciiLetterOrDigit((char)letter)) throw Error($"the escape \\{(char)letter} isn't supported");
                return letter;
        }
    }

    private int Hex(int? digits)
    {
        int start = _at, value = 0;
        while (_at < _points.Length && _at - start < (digits ?? 6) && _points[_at] < 0x80 && char.IsAsciiHexDigit((char)_points[_at])) value = (value * 16) + int.Parse(((char)_points[_at++]).ToString(), NumberStyles.HexNumber);
        if (_at == start || (digits is not null && _at - start != digits) || value > CodeRanges.Highest) throw Error("a \\x or \\u lacks its hexadecimal digits");
        return value;
    }

    private bool Take(char wanted)
    {
        if (_at == _points.Length || _points[_at] != wanted) return false;
        _at++;
        return true;
    }

    private GrammarException Error(string what) => new($"the regular expression can't be used: {what} (near character {Math.Min(_at, _points.Length)}).");
}
