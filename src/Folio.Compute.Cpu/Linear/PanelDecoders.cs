using System.Runtime.CompilerServices;
using Folio.Compute.Blocks;

namespace Folio.Compute.Cpu.Linear;

/// <summary>A word is a weight.</summary>
internal readonly unsafe struct F32Decoder<TSimd, TV> : IPanelDecoder<F32Decoder<TSimd, TV>, TV> where TSimd : ISimd<TV> where TV : struct
{
    public static int Group => 32;
    public static int Groups => 1;
    public static int BlockBytes => 32 * Panel.WordBytes;
    public static int WordsOffset => 0;
    public static int InputsPerWord => 1;
    public static int GroupBytes => BlockBytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TV Load(byte* words, int word) => TSimd.Load(words + word * Panel.WordBytes);

    public static F32Decoder<TSimd, TV> Open(byte* block, int group, int lane) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TV Next(ref TV words) => words;
}

/// <summary>A word is two bf16 weights: the high halves of fp32 numbers.</summary>
internal readonly unsafe struct BF16Decoder<TSimd, TV> : IPanelDecoder<BF16Decoder<TSimd, TV>, TV> where TSimd : ISimd<TV> where TV : struct
{
    public static int Group => 32;
    public static int Groups => 1;
    public static int BlockBytes => 16 * Panel.WordBytes;
    public static int WordsOffset => 0;
    public static int InputsPerWord => 2;
    public static int GroupBytes => BlockBytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TV Load(byte* words, int word) => TSimd.Load(words + word * Panel.WordBytes);

    public static BF16Decoder<TSimd, TV> Open(byte* block, int group, int lane) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TV Next(ref TV words)
    {
        TV weights = TSimd.ShiftLeft(words, 16);
        words = TSimd.ShiftRight(words, 16);
        return weights;
    }
}

/// <summary>A word is two fp16 weights.</summary>
internal readonly unsafe struct F16Decoder<TSimd, TV> : IPanelDecoder<F16Decoder<TSimd, TV>, TV> where TSimd : ISimd<TV> where TV : struct
{
    public static int Group => 32;
    public static int Groups => 1;
    public static int BlockBytes => 16 * Panel.WordBytes;
    public static int WordsOffset => 0;
    public static int InputsPerWord => 2;
    public static int GroupBytes => BlockBytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TV Load(byte* words, int word) => TSimd.Load(words + word * Panel.WordBytes);

    public static F16Decoder<TSimd, TV> Open(byte* block, int group, int lane) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TV Next(ref TV words)
    {
        TV weights = Half<TSimd, TV>.ToSingle(TSimd.ShiftRightSigned(TSimd.ShiftLeft(words, 16), 16));
        words = TSimd.ShiftRight(words, 16);
        return weights;
    }
}

/// <summary>weight = d · code + m, d and m read once a group: see <see cref="QuantizedPanel{TFormat}"/>.</summary>
/// <remarks>
/// The offset of types without minima goes into m, so that codes stay unsigned: d · code − d · offset is exact in the one rounding of the multiply-add. Every weight is
/// bit for bit what <see cref="QuantizedBlocks.Dequantize"/> gives.
/// </remarks>
internal readonly unsafe struct QuantizedDecoder<TSimd, TV, TFormat> : IPanelDecoder<QuantizedDecoder<TSimd, TV, TFormat>, TV>
    where TSimd : ISimd<TV> where TV : struct where TFormat : IBlockFormat
{
    private readonly TV _d;
    private readonly TV _m;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private QuantizedDecoder(TV d, TV m)
    {
        _d = d;
        _m = m;
    }

    public static int Group => TFormat.Group;
    public static int Groups { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => QuantizedPanel<TFormat>.Groups; }
    public static int BlockBytes { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => QuantizedPanel<TFormat>.BlockBytes; }
    public static int WordsOffset { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => QuantizedPanel<TFormat>.CodesOffset; }
    public static int InputsPerWord { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => QuantizedPanel<TFormat>.CodesPerWord; }
    public static int GroupBytes { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => QuantizedPanel<TFormat>.GroupBytes; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TV Load(byte* words, int word) => PanelWords<TSimd, TV, TFormat>.Load(words, word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static QuantizedDecoder<TSimd, TV, TFormat> Open(byte* block, int group, int lane)
    {
        int factor = group * Panel.Lanes + lane;
        TV d = Half<TSimd, TV>.ToSingle(TSimd.LoadInt16(block + lane * sizeof(ushort)));
        if (QuantizedPanel<TFormat>.HasFactors) d = TSimd.Multiply(d, TSimd.ToSingle(TSimd.LoadInt8(block + QuantizedPanel<TFormat>.FactorsOffset + factor)));
        if (!TFormat.HasMins) return new(d, TSimd.Multiply(d, TSimd.Broadcast(-TFormat.Offset)));

        TV m = Half<TSimd, TV>.ToSingle(TSimd.LoadInt16(block + QuantizedPanel<TFormat>.MinsOffset + lane * sizeof(ushort)));
        if (QuantizedPanel<TFormat>.HasFactors) m = TSimd.Multiply(m, TSimd.ToSingle(TSimd.LoadInt8(block + QuantizedPanel<TFormat>.MinFactorsOffset + factor)));
        return new(d, m);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TV Next(ref TV words) => TSimd.MultiplyAdd(_d, PanelWords<TSimd, TV, TFormat>.Next(ref words), _m);
}

internal static class Half<TSimd, TV> where TSimd : ISimd<TV> where TV : struct
{
    private const float BiasGap = 5192296858534827628530496329220096f; // 2^(127 − 15)

    /// <summary>fp16 to fp32, exact, subnormals too: exponent and mantissa move to their fp32 places, a multiplication mends the exponent's bias.</summary>
    /// <param name="bits">Lanes of sign-extended fp16: after the shift the sign is where it belongs, its copies are masked away.</param>
    /// <remarks>Infinities and NaNs, which no usable weight holds, come out as ±65536 and up.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TV ToSingle(TV bits) => TSimd.Multiply(TSimd.And(TSimd.ShiftLeft(bits, 13), 0x8FFFE000), TSimd.Broadcast(BiasGap));
}
