using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Blocks;

/// <summary>16 bytes of 4-bit scale and minimum, 64 bytes of 2-bit codes, fp16 d and dmin.</summary>
public readonly struct Q2_K : IBlockFormat
{
    public static int Values => 256;
    public static int Bytes => 84;
    public static int Group => 16;
    public static int Bits => 2;
    public static int Offset => 0;
    public static bool HasMins => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Unpack(byte* block, byte* codes, BlockScales* scales)
    {
        byte* q = block + 16;
        scales->D = Unsafe.ReadUnaligned<ushort>(block + 80);
        scales->M = Unsafe.ReadUnaligned<ushort>(block + 82);
        for (int group = 0; group < 16; group++)
        {
            scales->Scales[group] = (sbyte)(block[group] & 15);
            scales->Mins[group] = (sbyte)-(block[group] >> 4);
        }

        for (int row = 0; row < 8; row++) // 32 values: bits 2 · (row % 4) of 32 bytes
            KBlock.Bits(q + 32 * (row / 4), 2 * (row % 4), 3).Store(codes + 32 * row);
    }
}

/// <summary>32 bytes of third bits, 64 bytes of low bits, 12 bytes of sixteen 6-bit scales, fp16 d.</summary>
public readonly struct Q3_K : IBlockFormat
{
    public static int Values => 256;
    public static int Bytes => 110;
    public static int Group => 16;
    public static int Bits => 3;
    public static int Offset => 4;
    public static bool HasMins => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Unpack(byte* block, byte* codes, BlockScales* scales)
    {
        byte* q = block + 32, packed = block + 96;
        scales->D = Unsafe.ReadUnaligned<ushort>(block + 108);
        scales->M = 0;
        for (int group = 0; group < 16; group++)
        {
            int low = packed[group % 8] >> 4 * (group / 8) & 15, high = packed[8 + group % 4] >> 2 * (group / 4) & 3;
            scales->Scales[group] = (sbyte)((high << 4 | low) - 32);
            scales->Mins[group] = 0;
        }

        for (int row = 0; row < 8; row++)
            (KBlock.Bits(q + 32 * (row / 4), 2 * (row % 4), 3) | KBlock.Bits(block, row, 1) << 2).Store(codes + 32 * row);
    }
}

/// <summary>fp16 d and dmin, 12 bytes of eight 6-bit scales and minima, 128 bytes of two codes.</summary>
public readonly struct Q4_K : IBlockFormat
{
    public static int Values => 256;
    public static int Bytes => 144;
    public static int Group => 32;
    public static int Bits => 4;
    public static int Offset => 0;
    public static bool HasMins => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Unpack(byte* block, byte* codes, BlockScales* scales)
    {
        KBlock.Scales(block, scales);
        KBlock.Nibbles(block + 16, codes);
    }
}

/// <summary>fp16 d and dmin, 12 bytes of eight 6-bit scales and minima, 32 bytes of fifth bits, 128 bytes of two codes.</summary>
public readonly struct Q5_K : IBlockFormat
{
    public static int Values => 256;
    public static int Bytes => 176;
    public static int Group => 32;
    public static int Bits => 5;
    public static int Offset => 0;
    public static bool HasMins => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Unpack(byte* block, byte* codes, BlockScales* scales)
    {
        KBlock.Scales(block, scales);
        KBlock.Nibbles(block + 48, codes);
        for (int group = 0; group < 8; group++)
            (Vector256.Load(codes + 32 * group) | KBlock.Bits(block + 16, group, 1) << 4).Store(codes + 32 * group);
    }
}

/// <summary>128 bytes of two low halves, 64 bytes of four high pairs of bits, sixteen int8 scales, fp16 d.</summary>
public readonly struct Q6_K : IBlockFormat
{
    public static int Values => 256;
    public static int Bytes => 210;
    public static int Group => 16;
    public static int Bits => 6;
    public static int Offset => 32;
    public static bool HasMins => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Unpack(byte* block, byte* codes, BlockScales* scales)
    {
        scales->D = Unsafe.ReadUnaligned<ushort>(block + 208);
        scales->M = 0;
        for (int group = 0; group < 16; group++)
        {
            scales->Scales[group] = (sbyte)block[192 + group];
            scales->Mins[group] = 0;
        }

        for (int row = 0; row < 8; row++) // of each half of 128 values: rows 0 and 1 have the low, rows 2 and 3 the high nibbles of the same bytes
        {
            byte* low = block + 64 * (row / 4) + 32 * (row % 2), high = block + 128 + 32 * (row / 4);
            (KBlock.Bits(low, 4 * (row % 4 / 2), 15) | KBlock.Bits(high, 2 * (row % 4), 3) << 4).Store(codes + 32 * row);
        }
    }
}

/// <summary>What the 256-value types share.</summary>
internal static unsafe class KBlock
{
    /// <summary>Q4_K and Q5_K: fp16 d and dmin, then 6-bit scales and minima: those of the first four groups in the low bits of bytes 0–7, the others split over bytes 8–11 and the high bits.</summary>
    public static void Scales(byte* block, BlockScales* scales)
    {
        byte* packed = block + 4;
        scales->D = Unsafe.ReadUnaligned<ushort>(block);
        scales->M = Unsafe.ReadUnaligned<ushort>(block + 2);
        for (int group = 0; group < 4; group++)
        {
            scales->Scales[group] = (sbyte)(packed[group] & 63);
            scales->Mins[group] = (sbyte)-(packed[group + 4] & 63);
            scales->Scales[group + 4] = (sbyte)(packed[group + 8] & 15 | packed[group] >> 6 << 4);
            scales->Mins[group + 4] = (sbyte)-(packed[group + 8] >> 4 | packed[group + 4] >> 6 << 4);
        }
    }

    /// <summary>Each 32 bytes hold 32 values in their low halves and the next 32 in their high halves.</summary>
    public static void Nibbles(byte* pairs, byte* codes)
    {
        for (int group = 0; group < 8; group++) Bits(pairs + 32 * (group / 2), 4 * (group % 2), 15).Store(codes + 32 * group);
    }

    /// <summary>Some bits of each of 32 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Bits(byte* bytes, int shift, byte mask) => (Vector256.Load(bytes) >>> shift) & Vector256.Create(mask);
}
