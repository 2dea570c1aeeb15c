using System.Runtime.CompilerServices;
using Folio.Compute.Blocks;

namespace Folio.Compute.Cpu.Linear;

/// <summary>Reads the codes of some lanes of a quantised panel: words of eight 4-bit or four 8-bit codes, those of 6 bits as if they took 8.</summary>
internal static unsafe class PanelWords<TSimd, TV, TFormat> where TSimd : ISimd<TV> where TV : struct where TFormat : IBlockFormat
{
    private const uint Low = 0x3F3F3F3F, High = 0xC0C0C0C0;

    /// <param name="codes">A group's codes, of the first lane that is wanted.</param>
    /// <param name="word">Of the group.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TV Load(byte* codes, int word)
    {
        if (QuantizedPanel<TFormat>.Bits != 6) return TSimd.Load(codes + word * Panel.WordBytes);
        codes += word / 4 * 3 * Panel.WordBytes;
        if (word % 4 < 3) return TSimd.And(TSimd.Load(codes + word % 4 * Panel.WordBytes), Low);
        TV first = TSimd.And(TSimd.Load(codes), High), second = TSimd.And(TSimd.Load(codes + Panel.WordBytes), High), third = TSimd.And(TSimd.Load(codes + 2 * Panel.WordBytes), High);
        return TSimd.Or(TSimd.ShiftRight(first, 6), TSimd.Or(TSimd.ShiftRight(second, 4), TSimd.ShiftRight(third, 2)));
    }

    /// <returns>The codes of the next input as fp32; shifts them out of the word.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TV Next(ref TV word)
    {
        TV codes = TSimd.ToSingle(TSimd.And(word, QuantizedPanel<TFormat>.Bits == 4 ? 15u : 255u));
        word = QuantizedPanel<TFormat>.Bits == 4 ? TSimd.ShiftRight(word, 4) : TSimd.ShiftRight(word, 8); // literals: a shift by an immediate
        return codes;
    }
}
