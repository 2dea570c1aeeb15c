using System.Runtime.CompilerServices;
using Folio.Compute.Blocks;

namespace Folio.Compute.Cpu.Linear;

/// <summary>How a packed matrix lies in memory: panels of 32 outputs, in each the inputs ascending, an output a lane.</summary>
/// <remarks>
/// The unit is a word of 32 bits a lane, so 128 bytes a panel: one fp32 weight, two of 16 bits, four codes of 8 bits or eight of 4 bits, the first input in the low
/// bits. Types of 2 and 3 bits are widened to 4: their codes then take a shift and a mask to read. Those of 5 and 6 bits take three words for 16 codes: the first 12 lie in the low six bits
/// of the 12 bytes, and the high pairs of each word's bytes are two bits of the last four. Missing outputs of the last panel are zeros.
/// </remarks>
internal static class Panel
{
    /// <summary>Outputs of a panel.</summary>
    public const int Lanes = 32;

    /// <summary>Bytes of one word of every lane.</summary>
    public const int WordBytes = Lanes * sizeof(uint);

    /// <summary>Bytes that emitted tiles fetch before they use them: the processor's own fetching stops at each page's end.</summary>
    public const int Ahead = 2048;

    public static int Count(int outputs) => (outputs + Lanes - 1) / Lanes;
}

/// <summary>A panel of a quantised type: for each stored block of inputs a header of scales, then words of codes.</summary>
/// <remarks>
/// Header: fp16 d [32], fp16 m [32] where the type has minima; then, in K-quants, int8 factors [groups, 32] of d and of m. Every header and every group of codes is a multiple of
/// 64 bytes.
/// </remarks>
internal static class QuantizedPanel<TFormat> where TFormat : IBlockFormat
{
    /// <summary>Bits of a packed code.</summary>
    public static int Bits { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => TFormat.Bits <= 4 ? 4 : TFormat.Bits <= 6 ? 6 : 8; }

    /// <summary>Codes of a word as <see cref="PanelWords{TSimd, TV, TFormat}"/> reads it.</summary>
    public static int CodesPerWord { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => Bits == 4 ? 8 : 4; }

    /// <summary>Whether d and m have a small factor for each group.</summary>
    public static bool HasFactors => TFormat.Values > 32;

    public static int Groups { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => TFormat.Values / TFormat.Group; }

    public static int MinsOffset { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => Panel.Lanes * sizeof(ushort); }

    public static int FactorsOffset { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => MinsOffset * (TFormat.HasMins ? 2 : 1); }

    public static int MinFactorsOffset { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => FactorsOffset + Groups * Panel.Lanes; }

    public static int CodesOffset { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => FactorsOffset + (HasFactors ? Groups * Panel.Lanes * (TFormat.HasMins ? 2 : 1) : 0); }

    public static int GroupBytes { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => TFormat.Group * Bits / 32 * Panel.WordBytes; }

    public static int BlockBytes { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => CodesOffset + Groups * GroupBytes; }
}
