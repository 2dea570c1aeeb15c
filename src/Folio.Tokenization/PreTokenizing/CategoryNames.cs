using System.Globalization;

namespace Folio.Tokenization.PreTokenizing;

/// <summary>The sets that patterns name: <c>\s</c>, <c>\d</c>, <c>\w</c> and the general categories of <c>\p{…}</c>.</summary>
internal static class CategoryNames
{
    // In the order of UnicodeCategory.
    private static readonly string[] Short =
    [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn",
    ];

    public static readonly CharSet WhiteSpace = new(whiteSpace: true);
    public static readonly CharSet Digit = new(1 << (int)UnicodeCategory.DecimalDigitNumber);
    public static readonly CharSet Word = new(MaskOf("L") | MaskOf("M") | MaskOf("Nd") | MaskOf("Nl") | MaskOf("Pc"));

    /// <summary>A category ("Lu") or all that begin with a letter ("L").</summary>
    public static bool TryFind(string name, out CharSet set)
    {
        int mask = name.Length is 1 or 2 ? MaskOf(name) : 0;
        set = new CharSet(mask);
        return mask != 0;
    }

    private static int MaskOf(string name)
    {
        int mask = 0;
        for (int i = 0; i < Short.Length; i++)
        {
            if (Short[i].StartsWith(name, StringComparison.Ordinal)) mask |= 1 << i;
        }

        return mask;
    }
}
