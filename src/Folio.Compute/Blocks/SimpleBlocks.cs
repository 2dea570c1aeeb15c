using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Blocks;

/// <summary>fp16 d, 32 × int8.</summary>
public readonly struct Q8_0 : IBlockFormat
{
    public static int Values => 32;
    public static int Bytes => 34;
    public static int Group => 32;
    public static int Bits => 8;
    public static int Offset => 128;
    public static bool HasMins => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Unpack(byte* block, byte* codes, BlockScales* scales)
    {
        SimpleBlock.Scales(block, hasMin: false, scales);
        (Vector256.Load(block + 2) ^ Vector256.Create((byte)0x80)).Store(codes);
    }
}

/// <summary>fp16 d, 16 bytes of two codes.</summary>
public readonly struct Q4_0 : IBlockFormat
{
    public static int Values => 32;
    public static int Bytes => 18;
    public static int Group => 32;
    public static int Bits => 4;
    public static int Offset => 8;
    public static bool HasMins => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Unpack(byte* block, byte* codes, BlockScales* scales)
    {
        SimpleBlock.Scales(block, hasMin: false, scales);
        SimpleBlock.Nibbles(block + 2, codes);
    }
}

/// <summary>fp16 d and m, 16 bytes of two codes.</summary>
public readonly struct Q4_1 : IBlockFormat
{
    public static int Values => 32;
    public static int Bytes => 20;
    public static int Group => 32;
    public static int Bits => 4;
    public static int Offset => 0;
    public static bool HasMins => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Unpack(byte* block, byte* codes, BlockScales* scales)
    {
        SimpleBlock.Scales(block, hasMin: true, scales);
        SimpleBlock.Nibbles(block + 4, codes);
    }
}

/// <summary>fp16 d, 32 fifth bits, 16 bytes of two codes.</summary>
public readonly struct Q5_0 : IBlockFormat
{
    public static int Values => 32;
    public static int Bytes => 22;
    public static int Group => 32;
    public static int Bits => 5;
    public static int Offset => 16;
    public static bool HasMins => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Unpack(byte* block, byte* codes, BlockScales* scales)
    {
        SimpleBlock.Scales(block, hasMin: false, scales);
        SimpleBlock.Nibbles(block + 6, codes);
        SimpleBlock.AddFifthBits(Unsafe.ReadUnaligned<uint>(block + 2), codes);
    }
}

/// <summary>fp16 d and m, 32 fifth bits, 16 bytes of two codes.</summary>
public readonly struct Q5_1 : IBlockFormat
{
    public static int Values => 32;
    public static int Bytes => 24;
    public static int Group => 32;
    public static int Bits => 5;
    public static int Offset => 0;
    public static bool HasMins => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Unpack(byte* block, byte* codes, BlockScales* scales)
    {
        SimpleBlock.Scales(block, hasMin: true, scales);
        SimpleBlock.Nibbles(block + 8, codes);
        SimpleBlock.AddFifthBits(Unsafe.ReadUnaligned<uint>(block + 4), codes);
    }
}

/// <summary>What the 32-value types share.</summary>
internal static unsafe class SimpleBlock
{
    /// <summary>Within each half of the vector, which repeats the four bytes.</summary>
    private static Vector256<byte> ByteOfValue =>
        Vector256.Create((byte)0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 18, 18, 18, 18, 18, 18, 18, 18, 19, 19, 19, 19, 19, 19, 19, 19);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(byte* block, bool hasMin, BlockScales* scales)
    {
        scales->D = Unsafe.ReadUnaligned<ushort>(block);
        scales->M = hasMin ? Unsafe.ReadUnaligned<ushort>(block + 2) : (ushort)0;
        scales->Scales[0] = 1;
        scales->Mins[0] = (sbyte)(hasMin ? 1 : 0);
    }

    /// <summary>Byte i holds value i in its low half and value i + 16 in its high half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Nibbles(byte* pairs, byte* codes)
    {
        Vector128<byte> both = Vector128.Load(pairs);
        (both & Vector128.Create((byte)15)).Store(codes);
        (both >>> 4).Store(codes + 16);
    }

    /// <summary>Bit i is bit 4 of value i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddFifthBits(uint bits, byte* codes)
    {
        Vector256<byte> ofValue = Vector256.Create(0x8040201008040201).AsByte(); // value i: bit i % 8 of byte i / 8
        Vector256<byte> bytes = Vector256.Shuffle(Vector256.Create(bits).AsByte(), ByteOfValue);
        (Vector256.Load(codes) | Vector256.Equals(bytes & ofValue, ofValue) & Vector256.Create((byte)16)).Store(codes);
    }
}
