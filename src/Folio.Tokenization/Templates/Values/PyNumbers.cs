using System.Globalization;
using System.Numerics;

namespace Folio.Tokenization.Templates;

/// <summary>Python's numbers: int of any size, float, and bool as an int.</summary>
internal static class PyNumbers
{
    /// <summary>Python's own bound on the digits of an int in text (sys.int_info.default_max_str_digits).</summary>
    public const int MaxDigits = 4300;

    private const int MaxBits = 1 << 14; // what 4300 digits need

    public static bool IsNumber(object value) => value is BigInteger or double or bool;

    /// <summary>The order of two numbers, exactly; null where one is no number or NaN.</summary>
    public static int? Compare(object a, object b)
    {
        bool isIntA = PyTypes.IsInteger(a, out BigInteger x), isIntB = PyTypes.IsInteger(b, out BigInteger y);
        if (isIntA && isIntB) return x.CompareTo(y);
        if (!(isIntA || a is double) || !(isIntB || b is double)) return null;
        if (isIntA) return -CompareExactly((double)b, x);
        if (isIntB) return CompareExactly((double)a, y);
        return double.IsNaN((double)a) || double.IsNaN((double)b) ? null : ((double)a).CompareTo((double)b);
    }

    public static double ToDouble(object value) => value switch
    {
        double number => number,
        BigInteger number when double.IsFinite((double)number) => (double)number,
        BigInteger => throw new EvaluationException("int too large to convert to float"),
        bool truth => truth ? 1 : 0,
        Undefined undefined => throw undefined.Error(),
        _ => throw new EvaluationException($"must be real number, not {PyTypes.NameOf(value)}"),
    };

    /// <returns>Null where the operator does not know the operands.</returns>
    public static object? Calculate(Rendering run, string op, object a, object b)
    {
        if (!IsNumber(a) || !IsNumber(b)) return null;
        if (PyTypes.IsInteger(a, out BigInteger x) && PyTypes.IsInteger(b, out BigInteger y) && OnIntegers(run, op, x, y) is { } result) return result;
        double p = ToDouble(a), q = ToDouble(b);
        if (q == 0 && op is ("/" or "//" or "%")) throw new EvaluationException(op == "/" && a is not double && b is not double ? "division by zero" : "float division by zero");
        return op switch
        {
            "+" => p + q,
            "-" => p - q,
            "*" => p * q,
            "/" => p / q,
            "//" => FloorDivide(p, q),
            "%" => Modulo(p, q),
            _ => Power(p, q),
        };
    }

    public static object Negate(object value) => value switch
    {
        double number => -number,
        Undefined undefined => throw undefined.Error(),
        _ when PyTypes.IsInteger(value, out BigInteger number) => -number,
        _ => throw new EvaluationException($"bad operand type for unary -: '{PyTypes.NameOf(value)}'"),
    };

    /// <summary>int(text, base): white space around, a sign, underscores between digits.</summary>
    public static BigInteger? ParseInteger(string text, int radix = 10)
    {
        string digits = text.Trim();
        bool negative = digits.StartsWith('-');
        if (negative || digits.StartsWith('+')) digits = digits[1..];
        string prefix = digits.Length > 1 && digits[0] == '0' ? digits[..2].ToLowerInvariant() : "";
        int prefixed = prefix switch { "0x" => 16, "0o" => 8, "0b" => 2, _ => 0 };
        if (prefixed != 0 && (radix == 0 || radix == prefixed)) (digits, radix) = (digits[2..].TrimStart('_'), prefixed);
        else if (radix == 0) radix = 10;
        if (digits.Length is 0 or > MaxDigits || digits.StartsWith('_') || digits.EndsWith('_') || digits.Contains("__", StringComparison.Ordinal)) return null;
        BigInteger value = 0;
        long chunk = 0, scale = 1; // a few digits at a time: the product with a long number is what costs
        foreach (char c in digits)
        {
            if (c == '_') continue;
            int digit = char.IsAsciiLetter(c) ? (c | 0x20) - 'a' + 10 : char.IsDigit(c) ? CharUnicodeInfo.GetDecimalDigitValue(c) : 99;
            if (digit >= radix) return null;
            (chunk, scale) = (chunk * radix + digit, scale * radix);
            if (scale < 1L << 56) continue;
            (value, chunk, scale) = (value * scale + chunk, 0, 1);
        }

        value = value * scale + chunk;
        return negative ? -value : value;
    }

    /// <summary>float(text).</summary>
    public static double? ParseDouble(string text)
    {
        string digits = text.Trim();
        if (digits.Length == 0 || digits.Length > MaxDigits) return null;
        string name = digits.TrimStart('+', '-').ToLowerInvariant();
        double sign = digits[0] == '-' ? -1 : 1;
        if (name is "inf" or "infinity") return sign * double.PositiveInfinity;
        if (name is "nan") return double.NaN;
        if (!name.All(c => char.IsAsciiDigit(c) || c is '.' or 'e' or '+' or '-' or '_') || name.StartsWith('_') || name.EndsWith('_')) return null;
        const NumberStyles style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(digits.Replace("_", "", StringComparison.Ordinal), style, CultureInfo.InvariantCulture, out double value) ? value : null;
    }

    private static int CompareExactly(double a, BigInteger b)
    {
        if (double.IsNaN(a)) return 1; // equal to no int
        if (double.IsInfinity(a)) return a > 0 ? 1 : -1;
        int order = new BigInteger(Math.Floor(a)).CompareTo(b);
        return order == 0 && a != Math.Floor(a) ? 1 : order;
    }

    private static BigInteger? OnIntegers(Rendering run, string op, BigInteger x, BigInteger y)
    {
        run.Step(x.GetBitLength() * y.GetBitLength() >> 16);
        if (y.IsZero && op is ("/" or "//" or "%")) throw new EvaluationException(op == "/" ? "division by zero" : op == "//" ? "integer division or modulo by zero" : "integer modulo by zero");
        switch (op)
        {
            case "+":
                return Bounded(x + y);
            case "-":
                return Bounded(x - y);
            case "*":
                return Bounded(x * y);
            case "//":
                return FloorDivide(x, y);
            case "%":
                return x - FloorDivide(x, y) * y;
            case "**" when y.Sign >= 0:
                if (BigInteger.Abs(x) <= 1) return y.IsZero ? BigInteger.One : x.IsZero ? x : y.IsEven ? BigInteger.One : x;
                if (y * (x.GetBitLength() - 1) > MaxBits) throw TooLarge();
                return Bounded(BigInteger.Pow(x, (int)y));
            default:
                return null;
        }
    }

    private static BigInteger FloorDivide(BigInteger x, BigInteger y)
    {
        BigInteger quotient = BigInteger.DivRem(x, y, out BigInteger rest);
        return !rest.IsZero && rest.Sign != y.Sign ? quotient - 1 : quotient;
    }

    private static double Modulo(double p, double q)
    {
        double rest = p % q;
        return rest != 0 && rest < 0 != q < 0 ? rest + q : rest == 0 ? Math.CopySign(0, q) : rest;
    }

    private static double FloorDivide(double p, double q) => Math.Round((p - Modulo(p, q)) / q);

    private static double Power(double p, double q)
    {
        if (p == 0 && q < 0) throw new EvaluationException("0.0 cannot be raised to a negative power");
        double result = Math.Pow(p, q);
        if (double.IsNaN(result) && !double.IsNaN(p) && !double.IsNaN(q)) throw new EvaluationException("a negative number raised to a fraction is complex");
        return double.IsInfinity(result) && double.IsFinite(p) && double.IsFinite(q) ? throw new EvaluationException("Numerical result out of range") : result;
    }

    private static BigInteger Bounded(BigInteger value) => value.GetBitLength() > MaxBits ? throw TooLarge() : value;

    private static EvaluationException TooLarge() => new($"the template makes an int of more than {MaxBits} bits");
}
