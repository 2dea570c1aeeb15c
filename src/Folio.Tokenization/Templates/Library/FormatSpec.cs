using System.Globalization;
using System.Numerics;
using System.Text;

namespace Folio.Tokenization.Templates;

/// <summary>[[fill]align][sign][#][0][width][grouping][.precision][type]: how format() writes a value.</summary>
internal sealed record FormatSpec(string Fill, char Align, char Sign, bool Alternate, int Width, char Grouping, int? Precision, char Type)
{
    private const int MaxPrecision = 1100; // no double has more digits after its point

    public static FormatSpec Parse(string spec)
    {
        int at = 0;
        string fill = "";
        char align = '\0';
        if (spec.Length > 0)
        {
            PyText.CodePointAt(spec, 0, out int first);
            if (first < spec.Length && spec[first] is '<' or '>' or '=' or '^') (fill, align, at) = (spec[..first], spec[first], first + 1);
            else if (spec[0] is '<' or '>' or '=' or '^') (align, at) = (spec[0], 1);
        }

        char sign = at < spec.Length && spec[at] is '+' or '-' or ' ' ? spec[at++] : '-';
        bool alternate = at < spec.Length && spec[at] == '#';
        if (alternate) at++;
        if (at < spec.Length && spec[at] == '0')
        {
            at++;
            if (fill.Length == 0) fill = "0";
            if (align == '\0') align = '=';
        }

        int width = Number(spec, ref at) ?? 0;
        char grouping = at < spec.Length && spec[at] is ',' or '_' ? spec[at++] : '\0';
        int? precision = null;
        if (at < spec.Length && spec[at] == '.')
        {
            at++;
            precision = Number(spec, ref at) ?? throw new EvaluationException("Format specifier missing precision");
        }

        char type = at < spec.Length ? spec[at++] : '\0';
        if (at < spec.Length) throw new EvaluationException($"Invalid format specifier '{spec}'");
        return new FormatSpec(fill.Length == 0 ? " " : fill, align, sign, alternate, width, grouping, precision, type);
    }

    public void Append(Rendering run, PyStringBuilder builder, object value)
    {
        run.Characters(Width);
        if (value is PyString text) AppendText(run, builder, text);
        else if (value is double || (PyNumbers.IsNumber(value) && Type is 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%')) AppendNumber(builder, Float(PyNumbers.ToDouble(value)));
        else if (Type == 'c') (this with { Type = 's' }).AppendText(run, builder, Character(PyTypes.Int(value)));
        else if (PyTypes.IsInteger(value, out BigInteger integer)) AppendNumber(builder, Integer(run, integer));
        else throw new EvaluationException($"unsupported format string passed to {PyTypes.NameOf(value)}.__format__");
    }

    /// <summary>A character by its code point. Numbers do not know where they came from, so it counts as input.</summary>
    public static PyString Character(int codePoint) =>
        codePoint is >= 0 and <= 0x10FFFF ? PyString.FromInput(PyText.FromCodePoint(codePoint)) : throw new EvaluationException("%c arg not in range(0x110000)");

    private static int? Number(string spec, ref int at)
    {
        int start = at;
        long value = 0;
        while (at < spec.Length && char.IsAsciiDigit(spec[at])) value = Math.Min(int.MaxValue, value * 10 + spec[at++] - '0');
        return at == start ? null : (int)value;
    }

    private void AppendText(Rendering run, PyStringBuilder builder, PyString text)
    {
        if (Type is not ('\0' or 's')) throw new EvaluationException($"Unknown format code '{Type}' for object of type 'str'");
        if (Sign != '-' || Grouping != '\0' || Alternate) throw new EvaluationException("a text has no sign, no grouping and no alternate form");
        if (Align == '=' && Fill != "0") throw new EvaluationException("'=' alignment not allowed in string format specifier");
        int end = Precision is { } precision && precision < text.Length ? text.OffsetOf(run, precision) : text.Text.Length;
        Pad(builder, text.Part(0, end).Length, Align is '\0' or '=' ? '<' : Align, () => builder.Append(text, 0, end));
    }

    private void AppendNumber(PyStringBuilder builder, string number)
    {
        string sign = number[0] == '-' ? "-" : Sign == '-' ? "" : Sign.ToString();
        string digits = number.TrimStart('-');
        if (Align != '=') Pad(builder, sign.Length + digits.Length, Align == '\0' ? '>' : Align, () => builder.Append(sign + digits));
        else builder.Append(sign).AppendRepeated(PyString.Written(Fill), Width - sign.Length - digits.Length).Append(digits);
    }

    private void Pad(PyStringBuilder builder, int length, char align, Action append)
    {
        int missing = Math.Max(0, Width - length);
        int before = align switch { '>' => missing, '^' => missing / 2, _ => 0 };
        PyString fill = PyString.Written(Fill);
        builder.AppendRepeated(fill, before);
        append();
        builder.AppendRepeated(fill, missing - before);
    }

    private string Integer(Rendering run, BigInteger value)
    {
        if (Precision is not null) throw new EvaluationException("Precision not allowed in integer format specifier");
        run.Step(value.GetBitLength() / 4);
        BigInteger size = BigInteger.Abs(value);
        string digits = Type switch
        {
            '\0' or 'd' or 'n' => Grouped(size.ToString(CultureInfo.InvariantCulture), 3),
            'x' => (Alternate ? "0x" : "") + Radix(size, 16),
            'X' => (Alternate ? "0X" : "") + Radix(size, 16).ToUpperInvariant(),
            'o' => (Alternate ? "0o" : "") + Radix(size, 8),
            'b' => (Alternate ? "0b" : "") + Radix(size, 2),
            _ => throw new EvaluationException($"Unknown format code '{Type}' for object of type 'int'"),
        };
        return value.Sign < 0 ? "-" + digits : digits;
    }

    public static string Radix(BigInteger value, int radix)
    {
        if (value.IsZero) return "0";
        int bits = radix switch { 16 => 4, 8 => 3, _ => 1 };
        var digits = new StringBuilder();
        for (int at = ((int)value.GetBitLength() - 1) / bits; at >= 0; at--) digits.Append("0123456789abcdef"[(int)((value >> (at * bits)) & (radix - 1))]);
        return digits.ToString();
    }

    private string Float(double value)
    {
        if (Precision > MaxPrecision) throw new EvaluationException($"a precision of {Precision} is more than {MaxPrecision}");
        if (Type == '%') value *= 100;
        if (!double.IsFinite(value)) return char.IsUpper(Type) ? PyPrinter.Float(value).ToUpperInvariant() : PyPrinter.Float(value) + (Type == '%' ? "%" : "");
        string text = Type switch
        {
            'f' or 'F' => FloatText.Fixed(value, Precision ?? 6),
            'e' or 'E' => FloatText.Scientific(value, Precision ?? 6),
            '%' => FloatText.Fixed(value, Precision ?? 6) + "%",
            'g' or 'G' or 'n' => FloatText.General(value, Precision ?? 6, Alternate),
            '\0' when Precision is { } precision => FloatText.General(value, precision, Alternate, keepPoint: true),
            '\0' => PyPrinter.Float(value),
            _ => throw new EvaluationException($"Unknown format code '{Type}' for object of type 'float'"),
        };
        int sign = text[0] == '-' ? 1 : 0;
        int whole = text.AsSpan(sign).IndexOfAnyExceptInRange('0', '9') is >= 0 and var end ? end : text.Length - sign;
        text = text[..sign] + Grouped(text.Substring(sign, whole), 3) + text[(sign + whole)..];
        return Type is 'E' or 'G' ? text.ToUpperInvariant() : text;
    }

    private string Grouped(string digits, int size)
    {
        if (Grouping == '\0') return digits;
        var grouped = new StringBuilder(digits);
        for (int at = digits.Length - size; at > 0; at -= size) grouped.Insert(at, Grouping);
        return grouped.ToString();
    }
}
