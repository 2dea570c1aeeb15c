using System.Runtime.CompilerServices;

namespace Folio.Compute;

/// <summary>A matrix of fp8 numbers (E4M3) with scales, [rows, columns], read as bf16: number · scale, rounded to nearest.</summary>
/// <remarks>
/// The rounding moves a weight by 2⁻⁹ of itself at most, where fp8 has moved it by up to 2⁻⁴; nothing where scales are powers of two. A backend that multiplies fp8 takes the codes and scales themselves.
/// Source of E4M3: the Open Compute Project's specification of 8-bit floating point.
/// </remarks>
/// <param name="codes">The first row's, where the file is mapped.</param>
/// <param name="scales">One for each <paramref name="scaleRows"/> × <paramref name="scaleColumns"/> numbers, row after row; those at the right and lower edge may have fewer.</param>
public sealed unsafe class Float8Rows(nint codes, int columns, float[] scales, int scaleRows, int scaleColumns) : RowReader
{
    private static readonly float[] s_values = [.. Enumerable.Range(0, 256).Select(code => ToSingle((byte)code))];

    public override int ScaleColumns => scaleColumns;

    /// <summary>A row's numbers.</summary>
    public ReadOnlySpan<byte> Codes(int row) => new((byte*)codes + (long)row * columns, columns);

    /// <summary>A row's scales, one for each <see cref="ScaleColumns"/>.</summary>
    public ReadOnlySpan<float> Scales(int row)
    {
        int across = (columns + scaleColumns - 1) / scaleColumns;
        return scales.AsSpan(row / scaleRows * across, across);
    }

    /// <summary>Sign, 4 bits of exponent with a bias of 7, 3 of mantissa; NaN where all but the sign are set, and no infinity.</summary>
    public static float ToSingle(byte code)
    {
        int magnitude = code & 127, exponent = magnitude >> 3, mantissa = magnitude & 7;
        float value = magnitude == 127 ? float.NaN : exponent == 0 ? mantissa / 512f : MathF.ScaleB(1 + mantissa / 8f, exponent - 7);
        return code > 127 ? -value : value;
    }

    public override void Read(int first, int count, byte* rows)
    {
        ushort* to = (ushort*)rows;
        for (int row = first; row < first + count; row++)
        {
            ReadOnlySpan<float> own = Scales(row);
            for (ReadOnlySpan<byte> left = Codes(row); !left.IsEmpty; left = left[Math.Min(scaleColumns, left.Length)..], own = own[1..])
                foreach (byte code in left[..Math.Min(scaleColumns, left.Length)]) *to++ = RoundToBFloat16(s_values[code] * own[0]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ushort RoundToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)(bits + 0x7FFF + (bits >> 16 & 1) >> 16); // a NaN stays one: the table's has but its first bit of mantissa
    }
}
