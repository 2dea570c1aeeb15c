using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Folio.Compute.Cpu;

/// <summary>How a cache stores its numbers: sixteen at a time, in the order that is fastest to read.</summary>
internal unsafe interface IKvElement
{
    /// <summary>Of a number.</summary>
    static abstract int Bytes { get; }

    /// <summary>Whether the keys, and the values, of a token and head have a scale: what is stored are multiples of it.</summary>
    static abstract bool HasScales { get; }

    /// <summary>Writes number <paramref name="i"/> of a row of whole sixteens.</summary>
    static abstract void Store(byte* row, int i, float value);

    /// <summary>Reads numbers 0–7 and 8–15.</summary>
    static abstract void Load(byte* source, out Vector256<float> low, out Vector256<float> high);
}

internal readonly unsafe struct F32Element : IKvElement
{
    public static int Bytes => sizeof(float);

    public static bool HasScales => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* row, int i, float value) => ((float*)row)[i] = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(byte* source, out Vector256<float> low, out Vector256<float> high)
    {
        low = Vector256.Load((float*)source);
        high = Vector256.Load((float*)source + 8);
    }
}

/// <summary>The high halves of fp32 numbers, rounded to nearest even: relative error at most 2⁻⁹. Number i and number i + 8 share a word, so that a shift and a mask read sixteen.</summary>
internal readonly unsafe struct BF16Element : IKvElement
{
    public static int Bytes => sizeof(ushort);

    public static bool HasScales => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* row, int i, float value) => ((ushort*)row)[i & ~15 | (i & 7) << 1 | i >> 3 & 1] = Round(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(byte* source, out Vector256<float> low, out Vector256<float> high)
    {
        Vector256<uint> words = Vector256.Load((uint*)source);
        low = (words << 16).AsSingle();
        high = (words & Vector256.Create(0xFFFF0000)).AsSingle();
    }

    /// <summary>To the nearest bf16, ties to even; what is too large becomes infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Round(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)0x7FC0 : (ushort)(bits + 0x7FFF + (bits >> 16 & 1) >> 16);
    }
}

/// <summary>Multiples of a scale, from −127 to 127, rounded to nearest even. The scale is the largest magnitude / 127, so the error is at most 1/254 of that.</summary>
internal readonly unsafe struct I8Element : IKvElement
{
    public const int Largest = 127;

    public static int Bytes => sizeof(sbyte);

    public static bool HasScales => true;

    /// <param name="value">In scales.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* row, int i, float value) => ((sbyte*)row)[i] = (sbyte)Math.Clamp((int)MathF.Round(value), -Largest, Largest);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(byte* source, out Vector256<float> low, out Vector256<float> high)
    {
        low = Vector256.ConvertToSingle(Widen((sbyte*)source));
        high = Vector256.ConvertToSingle(Widen((sbyte*)source + 8));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen(sbyte* source)
    {
        if (Avx2.IsSupported) return Avx2.ConvertToVector256Int32(source);
        Vector128<short> words = Vector128.WidenLower(Vector128.CreateScalar(*(ulong*)source).AsSByte());
        return Vector256.Create(Vector128.WidenLower(words), Vector128.WidenUpper(words));
    }
}
