namespace Folio.Models.Tests;

/// <summary>fp8: the table of the Open Compute Project's specification, by arithmetic.</summary>
internal static class E4M3
{
    private static readonly float[] s_values = [.. Enumerable.Range(0, 127).Select(code => Value((byte)code))]; // ascending

    /// <summary>Of all codes but the two NaNs, 0x7F and 0xFF.</summary>
    public static float Value(byte code)
    {
        int exponent = code >> 3 & 15, mantissa = code & 7;
        double magnitude = exponent == 0 ? mantissa * Math.Pow(2, -9) : (8 + mantissa) * Math.Pow(2, exponent - 10);
        return (float)(code < 128 ? magnitude : -magnitude);
    }

    /// <summary>Ties go to even codes, what is too large to the largest.</summary>
    public static byte Nearest(float value)
    {
        float magnitude = MathF.Abs(value);
        int above = Array.BinarySearch(s_values, magnitude);
        if (above < 0) above = ~above;
        if (above == s_values.Length) above--;
        float before = above == 0 ? float.PositiveInfinity : magnitude - s_values[above - 1], behind = s_values[above] - magnitude;
        int nearest = before < behind || (before == behind && above % 2 == 1) ? above - 1 : above;
        return (byte)(nearest | (value < 0 ? 128 : 0));
    }
}
