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

    public nint Codes => codes;

    public ReadOnlySpan<float> Scales => scales;

    public int ScaleRows => scaleRows;

    public int ScaleColumns => scaleColumns;

    /// <summary>Sign, 4 bits of exponent with a bias of 7, 3 of mantissa; NaN where all but the sign are set, and no infinity.</summary>
    public static float ToSingle(byte code)
    {
        int magnitude = code & 127, exponent = magnitude >> 3, mantissa = magnitude & 7;
        float value = magnitude == 127 ? float.NaN : exponent == 0 ? mantissa / 512f : MathF.ScaleB(1 + mantissa / 8f, exponent - 7);
        return code > 127 ? -value : value;
    }

    public override void Read(int first, int count, byte* rows)
    {
        byte* code = (byte*)codes + (long)first * columns;
        ushort* to = (ushort*)rows;
        int scalesOfRow = (columns + scaleColumns - 1) / scaleColumns;
        for (int row = first; row < first + count; row++)
        {
            for (int start = 0; start < columns; start += scaleColumns)
            {
                float scale = scales[row / scaleRows * scalesOfRow + start / scaleColumns];
                for (int i = Math.Min(scaleColumns, columns - start); i > 0; i--) *to++ = RoundToBFloat16(s_values[*code++] * scale);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ushort RoundToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)(bits + 0x7FFF + (bits >> 16 & 1) >> 16); // a NaN stays one: the table's has but its first bit of mantissa
    }
}
