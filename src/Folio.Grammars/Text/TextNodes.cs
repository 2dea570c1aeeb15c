using System.Text;

namespace Folio.Grammars;

/// <summary>Writes languages of characters as nodes over bytes: as UTF-8, or as the inside of a JSON string.</summary>
/// <remarks>
/// In JSON, a character is written as it is; ", \ and control characters have their short escape or \u00XX. Where any character may stand, any of JSON's escapes may too
/// (surrogates in pairs only).
/// </remarks>
internal sealed class TextNodes(NodeTable table)
{
    private readonly Dictionary<string, int> _classes = []; // rules for the characters of a class that take more than one byte
    private int _anyInJson = -1;

    /// <summary>The automaton's texts lead from one node to the other.</summary>
    public void Write(TextAutomaton text, int from, int to, bool json)
    {
        var nodes = new int[text.States];
        for (int state = 0; state < nodes.Length; state++) nodes[state] = state == text.Start ? from : state == text.End ? to : table.AddNode();
        if (HasEdgeInto(text, text.Start)) table.Join(from, nodes[text.Start] = table.AddNode());
        foreach (TextAutomaton.Edge edge in text.Edges)
        {
            if (edge.Chars is null) table.Join(nodes[edge.From], nodes[edge.To]);
            else Write(edge.Chars, nodes[edge.From], nodes[edge.To], json);
        }
    }

    public void Write(CodeRange[] chars, int from, int to, bool json)
    {
        if (json && CodeRanges.IsAll(chars))
        {
            table.Call(from, AnyInJson(), to);
            return;
        }

        bool others = false;
        foreach (CodeRange range in chars)
        {
            foreach (CodeRange plain in json ? CodeRanges.Intersect([range], s_plainInJson) : CodeRanges.Intersect([range], s_ascii)) table.Bytes(from, (byte)plain.Low, (byte)plain.High, to);
            others |= range.High > 0x7F || (json && CodeRanges.Intersect([range], s_escapedInJson).Length > 0);
        }

        if (others) table.Call(from, RuleFor(chars, json), to);
    }

    /// <summary>One character of a JSON string leads from one node to the other, in any of its forms.</summary>
    public void AnyInJsonString(int from, int to)
    {
        foreach (CodeRange plain in s_plainInJson) table.Bytes(from, (byte)plain.Low, (byte)plain.High, to);
        WriteLong(CodeRanges.All, from, to);
        int escape = table.AddNode(), unit = table.AddNode();
        table.Bytes(from, '\\', escape);
        foreach (char letter in "\"\\/bfnrt") table.Bytes(escape, letter, to);
        table.Bytes(escape, 'u', unit);
        int three = table.AddNode(), high = table.AddNode(), low = table.AddNode();
        Hex(unit, "0-9 a-c A-C e-f E-F", three);
        Hex(unit, "d-d D-D", high);
        HexDigits(three, 3, to);
        int two = table.AddNode(), pair = table.AddNode(), first = table.AddNode(), second = table.AddNode();
        Hex(high, "0-7", two);
        HexDigits(two, 2, to);
        Hex(high, "8-9 a-b A-B", low);
        HexDigits(low, 2, pair);
        table.Literal(pair, "\\u"u8, first);
        Hex(first, "d-d D-D", second);
        int last = table.AddNode();
        Hex(second, "c-f C-F", last);
        HexDigits(last, 2, to);
    }

    /// <summary>A text as a JSON string's inside, in the one form that this project writes.</summary>
    public static byte[] Escape(string text)
    {
        var json = new StringBuilder(text.Length);
        foreach (char each in text)
        {
            if (ShortEscape(each) is { } letter) json.Append('\\').Append(letter);
            else if (each < 0x20) json.Append(FormattableString.Invariant($"\\u{(int)each:x4}"));
            else json.Append(each);
        }

        return Encoding.UTF8.GetBytes(json.ToString());
    }

    private static readonly CodeRange[] s_ascii = [new(0, 0x7F)];
    private static readonly CodeRange[] s_plainInJson = [new(0x20, '"' - 1), new('"' + 1, '\\' - 1), new('\\' + 1, 0x7F)];
    private static readonly CodeRange[] s_escapedInJson = [new(0, 0x1F), new('"', '"'), new('\\', '\\')];

    private static char? ShortEscape(int point) => point switch
    {
        '"' => '"',
        '\\' => '\\',
        '\b' => 'b',
        '\f' => 'f',
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        _ => null,
    };

    private static bool HasEdgeInto(TextAutomaton text, int state)
    {
        foreach (TextAutomaton.Edge edge in text.Edges)
        {
            if (edge.To == state) return true;
        }

        return false;
    }

    private int AnyInJson()
    {
        if (_anyInJson >= 0) return _anyInJson;
        _anyInJson = table.AddRule("character");
        AnyInJsonString(table.Rules[_anyInJson].Start, table.Rules[_anyInJson].End);
        return _anyInJson;
    }

    private int RuleFor(CodeRange[] chars, bool json)
    {
        string key = (json ? "json " : "text ") + CodeRanges.Key(chars);
        if (_classes.TryGetValue(key, out int rule)) return rule;
        _classes[key] = rule = table.AddRule("characters");
        int from = table.Rules[rule].Start, to = table.Rules[rule].End;
        WriteLong(chars, from, to);
        if (json) WriteEscapes(CodeRanges.Intersect(chars, s_escapedInJson), from, to);
        return rule;
    }

    private void WriteEscapes(CodeRange[] chars, int from, int to)
    {
        if (chars.Length == 0) return;
        int escape = table.AddNode();
        table.Bytes(from, '\\', escape);
        foreach (CodeRange range in chars)
        {
            for (int point = range.Low; point <= range.High; point++)
            {
                if (ShortEscape(point) is { } letter) table.Bytes(escape, letter, to);
                else table.Literal(escape, Encoding.ASCII.GetBytes(FormattableString.Invariant($"u{point:x4}")), to);
            }
        }
    }

    /// <summary>Those of the characters that take more than one byte.</summary>
    private void WriteLong(CodeRange[] chars, int from, int to)
    {
        var tails = new Dictionary<(byte Low, byte High, int Next), int>(); // nodes that lead on by one range of bytes, shared by all sequences that end alike
        foreach (CodeRange range in CodeRanges.Intersect(chars, [new(0x80, CodeRanges.Highest)]))
        {
            foreach ((byte Low, byte High)[] bytes in Utf8Sequences.Of(range))
            {
                int next = to;
                for (int i = bytes.Length - 1; i > 0; i--)
                {
                    (byte, byte, int) key = (bytes[i].Low, bytes[i].High, next);
                    if (!tails.TryGetValue(key, out int node))
                    {
                        tails[key] = node = table.AddNode();
                        table.Bytes(node, bytes[i].Low, bytes[i].High, next);
                    }

                    next = node;
                }

                table.Bytes(from, bytes[0].Low, bytes[0].High, next);
            }
        }
    }

    private void HexDigits(int from, int count, int to)
    {
        for (int i = 0; i < count; i++)
        {
            int next = i == count - 1 ? to : table.AddNode();
            Hex(from, "0-9 a-f A-F", next);
            from = next;
        }
    }

    private void Hex(int from, string ranges, int to)
    {
        foreach (string range in ranges.Split(' ')) table.Bytes(from, (byte)range[0], (byte)range[2], to);
    }
}
