using System.Globalization;
using System.Numerics;

namespace Folio.Tokenization.Templates;

/// <summary>Floats with a given number of digits, rounded half to even from the exact binary value as Python does.</summary>
internal static class FloatText
{
    public static string Fixed(double value, int precision)
    {
        BigInteger scaled = Scaled(value, precision);
        string digits = BigInteger.Abs(scaled).ToString(CultureInfo.InvariantCulture).PadLeft(precision + 1, '0');
        string text = precision == 0 ? digits : $"{digits[..^precision]}.{digits[^precision..]}";
        return double.IsNegative(value) ? "-" + text : text;
    }

    public static string Scientific(double value, int precision)
    {
        (string digits, int exponent) = Digits(value, precision + 1);
        string mantissa = precision == 0 ? digits : $"{digits[0]}.{digits[1..]}";
        return $"{(double.IsNegative(value) ? "-" : "")}{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
    }

    /// <param name="keepZeros">Keep zeros at the end ('#').</param>
    /// <param name="keepPoint">Write a whole number with '.0', as a format without a type does.</param>
    public static string General(double value, int precision, bool keepZeros, bool keepPoint = false)
    {
        precision = Math.Max(1, precision);
        int exponent = Digits(value, precision).Exponent;
        bool isScientific = exponent < -4 || exponent >= (keepPoint ? precision - 1 : precision);
        string text = isScientific ? Scientific(value, precision - 1) : Fixed(value, precision - 1 - exponent);
        if (keepZeros || !text.Contains('.')) return text;
        int mark = text.IndexOf('e');
        string mantissa = (mark < 0 ? text : text[..mark]).TrimEnd('0').TrimEnd('.');
        if (mark < 0 && keepPoint && !mantissa.Contains('.')) mantissa += ".0";
        return mark < 0 ? mantissa : mantissa + text[mark..];
    }

    /// <summary>round(value, digits) for digits of either sign.</summary>
    public static double Round(double value, int digits)
    {
        if (!double.IsFinite(value) || digits > 330) return value;
        if (digits < -330) return Math.CopySign(0, value);
        if (digits >= 0) return double.Parse(Fixed(value, digits), CultureInfo.InvariantCulture);
        return double.Parse($"{(double.IsNegative(value) ? "-" : "")}{BigInteger.Abs(Scaled(value, digits))}e{-digits}", CultureInfo.InvariantCulture);
    }

    /// <summary>value · 10^precision as an int.</summary>
    private static BigInteger Scaled(double value, int precision)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)((bits >> 52) & 0x7FF);
        long mantissa = bits & 0xF_FFFF_FFFF_FFFF;
        if (exponent == 0) exponent++;
        else mantissa |= 1L << 52;
        exponent -= 1075;
        BigInteger top = mantissa, bottom = BigInteger.One;
        if (precision >= 0) top *= BigInteger.Pow(10, precision);
        else bottom *= BigInteger.Pow(10, -precision);
        if (exponent >= 0) top <<= exponent;
        else bottom <<= -exponent;
        BigInteger quotient = BigInteger.DivRem(top, bottom, out BigInteger rest);
        int half = (rest * 2).CompareTo(bottom);
        if (half > 0 || (half == 0 && !quotient.IsEven)) quotient++;
        return value < 0 ? -quotient : quotient;
    }

    private static (string Digits, int Exponent) Digits(double value, int count)
    {
        if (value == 0) return (new string('0', count), 0);
        int exponent = (int)Math.Floor(Math.Log10(Math.Abs(value)));
        string digits = Significant(exponent);
        // The logarithm may be off by one, and rounding may carry into another digit.
        if (digits.Length > count) digits = Significant(++exponent);
        else if (digits.Length < count) digits = Significant(--exponent);
        if (digits.Length > count) digits = Significant(++exponent);
        return (digits, exponent);

        string Significant(int magnitude) => BigInteger.Abs(Scaled(value, count - 1 - magnitude)).ToString(CultureInfo.InvariantCulture);
    }
}
