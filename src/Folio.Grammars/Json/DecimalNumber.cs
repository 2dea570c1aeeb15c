using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace Folio.Grammars;

/// <summary>A JSON number, exactly: Mantissa · 10^−Scale, with Scale ≥ 0 and as small as possible.</summary>
internal readonly record struct DecimalNumber(BigInteger Mantissa, int Scale) : IComparable<DecimalNumber>
{
    private const int MostDigits = 2000; // of a number written without exponent

    public bool IsInteger => Scale == 0;

    /// <summary>Digits before the decimal point, "0" at least, without the sign.</summary>
    public string Whole => BigInteger.Divide(BigInteger.Abs(Mantissa), BigInteger.Pow(10, Scale)).ToString(CultureInfo.InvariantCulture);

    /// <summary>Digits behind the point; "" of an integer.</summary>
    public string Fraction => Scale == 0 ? "" : BigInteger.Remainder(BigInteger.Abs(Mantissa), BigInteger.Pow(10, Scale)).ToString(CultureInfo.InvariantCulture).PadLeft(Scale, '0');

    public static DecimalNumber operator -(DecimalNumber value) => value with { Mantissa = -value.Mantissa };

    /// <exception cref="GrammarException">The exponent is too large.</exception>
    public static DecimalNumber Of(JsonElement number)
    {
        string text = number.GetRawText();
        int exponentAt = text.AsSpan().IndexOfAny('e', 'E');
        string digits = exponentAt < 0 ? text : text[..exponentAt];
        int point = digits.IndexOf('.', StringComparison.Ordinal);
        long scale = point < 0 ? 0 : digits.Length - point - 1;
        int exponent = 0;
        if (exponentAt >= 0 && !int.TryParse(text.AsSpan(exponentAt + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent)) throw TooLong(text);
        scale -= exponent;
        if (Math.Abs(scale) > MostDigits || digits.Length > MostDigits) throw TooLong(text);
        BigInteger mantissa = BigInteger.Parse(digits.Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        for (; scale < 0; scale++) mantissa *= 10;
        while (scale > 0 && (mantissa % 10).IsZero)
        {
            mantissa /= 10;
            scale--;
        }

        return new(mantissa, (int)scale);
    }

    public int CompareTo(DecimalNumber other)
    {
        int scale = Math.Max(Scale, other.Scale);
        return (Mantissa * BigInteger.Pow(10, scale - Scale)).CompareTo(other.Mantissa * BigInteger.Pow(10, scale - other.Scale));
    }

    public bool IsMultipleOf(DecimalNumber step)
    {
        int scale = Math.Max(Scale, step.Scale);
        return (Mantissa * BigInteger.Pow(10, scale - Scale) % (step.Mantissa * BigInteger.Pow(10, scale - step.Scale))).IsZero;
    }

    /// <summary>The number as it is written: without exponent and needless zeros.</summary>
    public override string ToString() => (Mantissa.Sign < 0 ? "-" : "") + Whole + (Scale == 0 ? "" : "." + Fraction);

    private static GrammarException TooLong(string text) => new($"the number {(text.Length > 40 ? text[..40] + "…" : text)} needs more than {MostDigits} digits, which isn't supported.");
}
