using System.Runtime.InteropServices;
using Folio.Compute.Blocks;

namespace Folio.Compute.Cuda.Linear;

/// <summary>Stored rows to the planes of codes and groups that kernels read (weights.cuh). Runs over any range of whole blocks, so a matrix goes up piece by piece through a staging buffer.</summary>
internal static unsafe class WeightPacker
{
    /// <param name="type">The stored type.</param>
    /// <param name="format">The type's own, or with larger groups, whose blocks have one scale.</param>
    /// <param name="blocks">Whole blocks, as stored.</param>
    /// <param name="codes">Codes of their values.</param>
    /// <param name="groups">fp16 bits: scales, or scales and shifts by turns; empty for dense types.</param>
    public static void Pack(DType type, WeightFormat format, ReadOnlySpan<byte> blocks, Span<byte> codes, Span<ushort> groups)
    {
        switch (type)
        {
            case DType.F32 or DType.F16 or DType.BF16: blocks.CopyTo(codes); break;
            case DType.Q8_0: Pack<Q8_0>(format, blocks, codes, groups); break;
            case DType.Q4_0: Pack<Q4_0>(format, blocks, codes, groups); break;
            case DType.Q4_1: Pack<Q4_1>(format, blocks, codes, groups); break;
            case DType.Q5_0: Pack<Q5_0>(format, blocks, codes, groups); break;
            case DType.Q5_1: Pack<Q5_1>(format, blocks, codes, groups); break;
            case DType.Q2_K: Pack<Q2_K>(format, blocks, codes, groups); break;
            case DType.Q3_K: Pack<Q3_K>(format, blocks, codes, groups); break;
            case DType.Q4_K: Pack<Q4_K>(format, blocks, codes, groups); break;
            case DType.Q5_K: Pack<Q5_K>(format, blocks, codes, groups); break;
            case DType.Q6_K: Pack<Q6_K>(format, blocks, codes, groups); break;
            default: throw new CudaException($"weights of type {type} aren't known to the card's kernels.");
        }
    }

    /// <summary>A row of fp8.</summary>
    /// <param name="format">Whose groups divide those of the row's scales.</param>
    /// <param name="groups">fp32 bits of scales.</param>
    public static void Pack(Float8Rows rows, int row, WeightFormat format, Span<byte> codes, Span<ushort> groups)
    {
        rows.Codes(row).CopyTo(codes);
        Span<float> to = MemoryMarshal.Cast<ushort, float>(groups);
        ReadOnlySpan<float> scales = rows.Scales(row);
        for (int group = 0; group < to.Length; group++) to[group] = scales[group * format.Group / rows.ScaleColumns];
    }

    private static void Pack<TFormat>(WeightFormat format, ReadOnlySpan<byte> blocks, Span<byte> codes, Span<ushort> groups) where TFormat : IBlockFormat
    {
        byte* unpacked = stackalloc byte[TFormat.Values];
        var values = new Span<byte>(unpacked, TFormat.Values);
        BlockScales scales;
        fixed (byte* first = blocks)
        {
            for (int block = 0; block < blocks.Length / TFormat.Bytes; block++)
            {
                TFormat.Unpack(first + (long)block * TFormat.Bytes, unpacked, &scales);
                PackCodes(format, TFormat.Offset, values, codes.Slice((int)format.CodeBytes((long)block * TFormat.Values), (int)format.CodeBytes(TFormat.Values)));
                float d = (float)BitConverter.UInt16BitsToHalf(scales.D), m = (float)BitConverter.UInt16BitsToHalf(scales.M);
                for (int i = 0; i < TFormat.Values / TFormat.Group; i++)
                {
                    int group = (block * (TFormat.Values / TFormat.Group) + i) * TFormat.Group / format.Group;
                    float scale = d * scales.Scales[i];
                    if (!format.IsAffine) groups[group] = Bits(scale);
                    else (groups[2 * group], groups[2 * group + 1]) = (Bits(scale), Bits(m * scales.Mins[i] - TFormat.Offset * scale));
                }
            }
        }
    }

    /// <summary>Signed bytes where there is no shift, else unsigned; of int4, value i of 32 is the low half of byte i, value i + 16 the high one.</summary>
    private static void PackCodes(WeightFormat format, int offset, ReadOnlySpan<byte> values, Span<byte> codes)
    {
        if (format.CodeBits == 4)
        {
            for (int i = 0; i < codes.Length; i++)
            {
                int value = i / 16 * 32 + i % 16;
                codes[i] = (byte)(values[value] | values[value + 16] << 4);
            }
        }
        else if (format.IsAffine)
        {
            values.CopyTo(codes);
        }
        else
        {
            for (int i = 0; i < codes.Length; i++) codes[i] = (byte)(values[i] - offset);
        }
    }

    private static ushort Bits(float value) => BitConverter.HalfToUInt16Bits((Half)value);
}
