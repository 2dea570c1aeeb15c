using System.Collections.Concurrent;
using System.Globalization;

namespace Folio.Grammars;

/// <summary>Sets of characters that have a name.</summary>
internal static class UnicodeSets
{
    private static readonly string[] s_names =
    [
        "Lu Uppercase_Letter", "Ll Lowercase_Letter", "Lt Titlecase_Letter", "Lm Modifier_Letter", "Lo Other_Letter", "Mn Nonspacing_Mark", "Mc Spacing_Mark", "Me Enclosing_Mark",
        "Nd Decimal_Number digit", "Nl Letter_Number", "No Other_Number", "Zs Space_Separator", "Zl Line_Separator", "Zp Paragraph_Separator", "Cc Control cntrl", "Cf Format", "Cs Surrogate",
        "Co Private_Use", "Pc Connector_Punctuation", "Pd Dash_Punctuation", "Ps Open_Punctuation", "Pe Close_Punctuation", "Pi Initial_Punctuation", "Pf Final_Punctuation",
        "Po Other_Punctuation", "Sm Math_Symbol", "Sc Currency_Symbol", "Sk Modifier_Symbol", "So Other_Symbol", "Cn Unassigned",
    ]; // in the order of UnicodeCategory

    private static readonly string[] s_groups = ["L Letter", "M Mark Combining_Mark", "N Number", "P Punctuation punct", "S Symbol", "Z Separator", "C Other"];

    private static readonly ConcurrentDictionary<string, CodeRange[]> s_known = new();

    /// <summary>ECMA-262's white space and line ends.</summary>
    public static CodeRange[] Spaces { get; } =
        [new('\t', '\r'), new(' ', ' '), new(0xA0, 0xA0), new(0x1680, 0x1680), new(0x2000, 0x200A), new(0x2028, 0x2029), new(0x202F, 0x202F), new(0x205F, 0x205F), new(0x3000, 0x3000), new(0xFEFF, 0xFEFF)];

    /// <param name="name">A general category's short or long name.</param>
    /// <returns>Null if there is none of that name.</returns>
    public static CodeRange[]? Category(string name, Budget budget)
    {
        if (s_known.TryGetValue(name, out CodeRange[]? ranges)) return ranges;
        string? group = s_groups.FirstOrDefault(names => names.Split(' ').Contains(name));
        bool Wanted(int category) => group is null ? s_names[category].Split(' ').Contains(name) : s_names[category][0] == group[0];
        bool[] wanted = [.. Enumerable.Range(0, s_names.Length).Select(Wanted)];
        if (!wanted.Contains(true)) return null;
        var found = new List<CodeRange>();
        for (int point = 0; point <= CodeRanges.Highest; point++)
        {
            if ((point & 0xFF) == 0) budget.Spend();
            if (!wanted[(int)CharUnicodeInfo.GetUnicodeCategory(point)]) continue;
            if (found.Count > 0 && found[^1].High == point - 1) found[^1] = new(found[^1].Low, point);
            else found.Add(new(point, point));
        }

        return s_known[name] = CodeRanges.Union(found);
    }
}
