using System.Runtime.InteropServices;
using Folio.Compute.Blocks;

namespace Folio.Compute;

/// <summary>The stored forms of weights: sizes of their blocks, and the plain way back to fp32.</summary>
/// <remarks>Types that are not quantised count as blocks of one value.</remarks>
public static unsafe class QuantizedBlocks
{
    /// <summary>The types that weights can have.</summary>
    public static IReadOnlyList<DType> Types { get; } = [.. Enum.GetValues<DType>().Where(type => type is not (DType.I8 or DType.F8_E4M3))];

    /// <summary>Values of a block.</summary>
    public static int BlockSize(DType type) => type switch
    {
        DType.F32 or DType.F16 or DType.BF16 or DType.I8 or DType.F8_E4M3 => 1,
        DType.Q8_0 or DType.Q4_0 or DType.Q4_1 or DType.Q5_0 or DType.Q5_1 => 32,
        _ => 256,
    };

    /// <summary>Bytes of a block.</summary>
    public static int BlockBytes(DType type) => type switch
    {
        DType.F32 => sizeof(float),
        DType.F16 or DType.BF16 => sizeof(ushort),
        DType.Q8_0 => Q8_0.Bytes,
        DType.Q4_0 => Q4_0.Bytes,
        DType.Q4_1 => Q4_1.Bytes,
        DType.Q5_0 => Q5_0.Bytes,
        DType.Q5_1 => Q5_1.Bytes,
        DType.Q2_K => Q2_K.Bytes,
        DType.Q3_K => Q3_K.Bytes,
        DType.Q4_K => Q4_K.Bytes,
        DType.Q5_K => Q5_K.Bytes,
        DType.Q6_K => Q6_K.Bytes,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    /// <summary>Turns stored blocks into values.</summary>
    /// <param name="blocks">Whole blocks.</param>
    /// <param name="values">As many values as the blocks hold.</param>
    public static void Dequantize(DType type, ReadOnlySpan<byte> blocks, Span<float> values)
    {
        if (values.Length % BlockSize(type) != 0 || blocks.Length != values.Length / BlockSize(type) * (long)BlockBytes(type))
            throw new ArgumentException($"{blocks.Length} bytes of {type} are not {values.Length} values.");

        switch (type)
        {
            case DType.F32: MemoryMarshal.Cast<byte, float>(blocks).CopyTo(values); break;
            case DType.F16: Widen(blocks, values, bits => (float)BitConverter.UInt16BitsToHalf(bits)); break;
            case DType.BF16: Widen(blocks, values, bits => BitConverter.UInt32BitsToSingle((uint)bits << 16)); break;
            case DType.Q8_0: Dequantize<Q8_0>(blocks, values); break;
            case DType.Q4_0: Dequantize<Q4_0>(blocks, values); break;
            case DType.Q4_1: Dequantize<Q4_1>(blocks, values); break;
            case DType.Q5_0: Dequantize<Q5_0>(blocks, values); break;
            case DType.Q5_1: Dequantize<Q5_1>(blocks, values); break;
            case DType.Q2_K: Dequantize<Q2_K>(blocks, values); break;
            case DType.Q3_K: Dequantize<Q3_K>(blocks, values); break;
            case DType.Q4_K: Dequantize<Q4_K>(blocks, values); break;
            case DType.Q5_K: Dequantize<Q5_K>(blocks, values); break;
            case DType.Q6_K: Dequantize<Q6_K>(blocks, values); break;
        }
    }

    private static void Widen(ReadOnlySpan<byte> blocks, Span<float> values, Func<ushort, float> widen)
    {
        ReadOnlySpan<ushort> bits = MemoryMarshal.Cast<byte, ushort>(blocks);
        for (int i = 0; i < values.Length; i++) values[i] = widen(bits[i]);
    }

    private static void Dequantize<TFormat>(ReadOnlySpan<byte> blocks, Span<float> values) where TFormat : IBlockFormat
    {
        byte* codes = stackalloc byte[TFormat.Values];
        BlockScales scales;
        fixed (byte* first = blocks)
        {
            for (int block = 0; block < values.Length / TFormat.Values; block++)
            {
                TFormat.Unpack(first + block * TFormat.Bytes, codes, &scales);
                float d = (float)BitConverter.UInt16BitsToHalf(scales.D), m = (float)BitConverter.UInt16BitsToHalf(scales.M);
                for (int i = 0; i < TFormat.Values; i++)
                {
                    int group = i / TFormat.Group;
                    values[block * TFormat.Values + i] = d * scales.Scales[group] * (codes[i] - TFormat.Offset) + m * scales.Mins[group];
                }
            }
        }
    }
}
