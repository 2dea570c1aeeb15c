using System.Globalization;
using System.Text;

namespace Folio.Tokenization.Templates;

/// <summary>Python's escape sequences in a string literal.</summary>
internal static class StringEscapes
{
    /// <returns>Null where a sequence is broken.</returns>
    public static string? Resolve(string raw)
    {
        var text = new StringBuilder(raw.Length);
        for (int i = 0; i < raw.Length; i++)
        {
            if (raw[i] != '\\') text.Append(raw[i]);
            else if (++i >= raw.Length) return null;
            else if (raw[i] is 'x' or 'u' or 'U')
            {
                int digits = raw[i] switch { 'x' => 2, 'u' => 4, _ => 8 };
                if (i + digits >= raw.Length || !uint.TryParse(raw.AsSpan(i + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint code) || code > 0x10FFFF) return null;
                if (code > 0xFFFF) text.Append(char.ConvertFromUtf32((int)code));
                else text.Append((char)code);
                i += digits;
            }
            else if (raw[i] is >= '0' and <= '7') text.Append(Octal(raw, ref i));
            else if (raw[i] != '\n') text.Append(Simple(raw[i]));
        }

        return text.ToString();
    }

    private static char Octal(string raw, ref int i)
    {
        int code = 0, end = Math.Min(i + 3, raw.Length);
        while (i < end && raw[i] is >= '0' and <= '7') code = code * 8 + raw[i++] - '0';
        i--;
        return (char)code;
    }

    private static string Simple(char letter) => letter switch
    {
        'n' => "\n",
        't' => "\t",
        'r' => "\r",
        'a' => "\a",
        'b' => "\b",
        'f' => "\f",
        'v' => "\v",
        '\\' or '\'' or '"' => letter.ToString(),
        _ => "\\" + letter,
    };
}
