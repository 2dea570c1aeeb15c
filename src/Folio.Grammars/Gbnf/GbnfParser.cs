using System.Globalization;
using System.Text;

namespace Folio.Grammars;

/// <summary>Reads llama.cpp's grammar form (GBNF) into rules.</summary>
/// <remarks>
/// <c>name ::= alternatives</c>, with "literals", [classes] and [^classes], . (any character), rule names, ( ), | * + ? {m} {m,} {m,n} and # comments; the first rule is <c>root</c>.
/// A rule goes on over lines inside ( ) and after | or ::=. Source: grammars/README.md of llama.cpp. Tokens (&lt;…&gt;) aren't supported.
/// </remarks>
internal sealed class GbnfParser
{
    private const int DeepestGroup = 200;
    private const int LongestRepeat = 100_000;

    private readonly string _source;
    private readonly NodeTable _table;
    private readonly TextNodes _text;
    private readonly Dictionary<string, int> _rules = [];
    private readonly HashSet<string> _defined = [];
    private int _at, _depth;

    private GbnfParser(string source, NodeTable table, TextNodes text) => (_source, _table, _text) = (source, table, text);

    /// <returns>The rule <c>root</c>.</returns>
    public static int Parse(string source, NodeTable table, TextNodes text)
    {
        var parser = new GbnfParser(source, table, text);
        parser.Space(lines: true);
        while (parser._at < source.Length) parser.Definition();
        if (!parser._defined.Contains("root")) throw new GrammarException("the grammar has no rule 'root'.");
        foreach (string name in parser._rules.Keys)
        {
            if (!parser._defined.Contains(name)) throw new GrammarException($"the grammar uses rule '{name}', which it doesn't define.");
        }

        return parser._rules["root"];
    }

    private void Definition()
    {
        string name = Name() ?? throw Error("a rule's name was expected");
        Space(lines: false);
        if (!Take("::=")) throw Error("::= was expected");
        if (!_defined.Add(name)) throw Error($"rule '{name}' is defined twice");
        Space(lines: true);
        int index = RuleOf(name);
        NodeTable.Rule rule = _table.Rules[index];
        Alternatives(rule.Start, rule.End, nested: false);
        if (_at < _source.Length && _source[_at] is not ('\n' or '\r')) throw Error("the end of the line was expected");
        Space(lines: true);
    }

    private void Alternatives(int from, int to, bool nested)
    {
        if (++_depth > DeepestGroup) throw Error($"groups nest deeper than {DeepestGroup}");
        do
        {
            Space(lines: true);
            int start = _table.AddNode();
            _table.Join(from, start);
            Sequence(start, to, nested);
        }
        while (Take("|"));
        _depth--;
    }

    private void Sequence(int from, int to, bool nested)
    {
        while (true)
        {
            Space(nested);
            if (_at == _source.Length || _source[_at] is '|' or ')' or '\n' or '\r') break;
            Action<int, int> item = Item();
            Space(nested);
            int next = _table.AddNode();
            if (Count() is { } count) Repeat(item, from, count, next);
            else item(from, next);
            from = next;
        }

        _table.Join(from, to);
    }

    private void Repeat(Action<int, int> item, int from, (int Least, int? Most) count, int to)
    {
        for (int i = 0; i < count.Least; i++) item(from, from = _table.AddNode());
        if (count.Most is null)
        {
            int loop = _table.AddNode();
            _table.Join(from, loop);
            item(loop, loop);
            _table.Join(loop, to);
            return;
        }

        for (int i = count.Least; i < count.Most; i++)
        {
            _table.Join(from, to);
            item(from, from = _table.AddNode());
        }

        _table.Join(from, to);
    }

    private (int Least, int? Most)? Count()
    {
        if (Take("*")) return (0, null);
        if (Take("+")) return (1, null);
        if (Take("?")) return (0, 1);
        if (!Take("{")) return null;
        Space(lines: false);
        int least = Number() ?? throw Error("a number was expected");
        int? most = least;
        Space(lines: false);
        if (Take(","))
        {
            Space(lines: false);
            most = Number();
            Space(lines: false);
        }

        if (!Take("}")) throw Error("} was expected");
        if (most < least) throw Error("a repetition ends before it begins");
        return (least, most);
    }

    private int? Number()
    {
        int start = _at, value = 0;
        for (; _at < _source.Length && char.IsAsciiDigit(_source[_at]); _at++)
        {
            value = (value * 10) + _source[_at] - '0';
            if (value > LongestRepeat) throw Error($"a repetition above {LongestRepeat} isn't supported");
        }

        return _at == start ? null : value;
    }

    /// <returns>What writes the item between two nodes, as often as it is wanted.</returns>
    private Action<int, int> Item()
    {
        _table.Budget.Spend();
        switch (_source[_at])
        {
            case '"':
                byte[] text = Encoding.UTF8.GetBytes(Literal());
                return (from, to) => _table.Literal(from, text, to);
            case '[':
                CodeRange[] chars = Class();
                return (from, to) => _text.Write(chars, from, to, json: false);
            case '.':
                _at++;
                return (from, to) => _text.Write(CodeRanges.All, from, to, json: false);
            case '(':
                _at++;
                int group = _table.AddRule("( )");
                Alternatives(_table.Rules[group].Start, _table.Rules[group].End, nested: true);
                if (!Take(")")) throw Error("a ( has no )");
                return (from, to) => _table.Call(from, group, to);
            case '<':
                throw Error("tokens (<…>) aren't supported");
            default:
                int rule = RuleOf(Name() ?? throw Error($"'{_source[_at]}' wasn't expected"));
                return (from, to) => _table.Call(from, rule, to);
        }
    }

    private string Literal()
    {
        _at++;
        var text = new StringBuilder();
        while (_at < _source.Length && _source[_at] is not ('"' or '\n')) text.Append(char.ConvertFromUtf32(Character()));
        return Take("\"") ? text.ToString() : throw Error("a \" has no end");
    }

    private CodeRange[] Class()
    {
        _at++;
        bool negated = Take("^");
        var ranges = new List<CodeRange>();
        while (_at < _source.Length && _source[_at] != ']')
        {
            int low = Character(), high = low;
            if (_at + 1 < _source.Length && _source[_at] == '-' && _source[_at + 1] != ']')
            {
                _at++;
                high = Character();
            }

            if (high < low) throw Error("a range's end is below its beginning");
            ranges.Add(new(low, high));
        }

        if (!Take("]")) throw Error("a [ has no ]");
        CodeRange[] union = CodeRanges.Union(ranges);
        if (union.Length == 0 && !negated) throw Error("[] matches nothing");
        return negated ? CodeRanges.Except(union) : union;
    }

    /// <summary>One character of a literal or class, perhaps escaped.</summary>
    private int Character()
    {
        if (!Rune.TryGetRuneAt(_source, _at, out Rune rune)) throw Error("half a surrogate pair is no character");
        _at += rune.Utf16SequenceLength;
        if (rune.Value != '\\') return rune.Value;
        if (_at == _source.Length) throw Error("it ends in \\");
        char letter = _source[_at++];
        return letter switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'x' => Hex(2),
            'u' => Hex(4),
            'U' => Hex(8),
            '\\' or '"' or '[' or ']' or '^' or '-' or '/' => letter,
            _ => throw Error($"the escape \\{letter} isn't supported"),
        };
    }

    private int Hex(int digits)
    {
        if (_at + digits > _source.Length || !int.TryParse(_source.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value) || !Rune.IsValid(value))
            throw Error($"{digits} hexadecimal digits of a character were expected");
        _at += digits;
        return value;
    }

    private int RuleOf(string name)
    {
        if (!_rules.TryGetValue(name, out int rule)) _rules[name] = rule = _table.AddRule(name);
        return rule;
    }

    private string? Name()
    {
        int start = _at;
        while (_at < _source.Length && (char.IsAsciiLetterOrDigit(_source[_at]) || _source[_at] is '-' or '_')) _at++;
        return _at == start ? null : _source[start.._at];
    }

    private void Space(bool lines)
    {
        while (_at < _source.Length)
        {
            if (_source[_at] == '#')
            {
                while (_at < _source.Length && _source[_at] != '\n') _at++;
            }
            else if (_source[_at] is ' ' or '\t' || (lines && _source[_at] is '\n' or '\r'))
            {
                _at++;
            }
            else
            {
                return;
            }
        }
    }

    private bool Take(string wanted)
    {
        if (!_source.AsSpan(_at).StartsWith(wanted)) return false;
        _at += wanted.Length;
        return true;
    }

    private GrammarException Error(string what) => new($"the grammar can't be used: {what} (line {_source.AsSpan(0, Math.Min(_at, _source.Length)).Count('\n') + 1}).");
}
