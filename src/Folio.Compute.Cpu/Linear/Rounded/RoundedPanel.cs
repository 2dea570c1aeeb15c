using Folio.Compute.Blocks;

namespace Folio.Compute.Cpu.Linear;

/// <summary>How a panel of a quantised type reads as units of 32 inputs, for products with rounded activations.</summary>
/// <param name="Bits">Of a packed code: 4, 6 or 8.</param>
/// <param name="CodeBits">Of a code as it is stored: what it can be at most.</param>
/// <param name="Units">Units of a block.</param>
/// <param name="Groups">Groups of a unit, each with scales of its own: 1 or 2.</param>
/// <param name="Offset">What is subtracted from every code.</param>
internal readonly record struct RoundedPanel(
    int Bits, int CodeBits, int Units, int Groups, int Offset, bool HasFactors, bool HasMins, int BlockBytes, int MinsOffset, int FactorsOffset, int MinFactorsOffset, int CodesOffset)
{
    /// <summary>Inputs of a unit: those that share a scale of the activations.</summary>
    public const int UnitInputs = 32;

    /// <summary>Codes are int8 about 128: their full range.</summary>
    public bool Signed => Bits == 8;

    /// <summary>Of codes smaller than a byte: their bits in each byte of a word.</summary>
    public uint CodeMask => Bits == 4 ? 0x0F0F0F0Fu : 0x3F3F3F3F;

    /// <summary>Inputs that share scales of the weights.</summary>
    public int GroupInputs => UnitInputs / Groups;

    /// <summary>Bytes of a unit's codes.</summary>
    public int UnitBytes => UnitInputs * Bits / 32 * Panel.WordBytes;

    public static RoundedPanel Of<TFormat>() where TFormat : IBlockFormat => new(
        QuantizedPanel<TFormat>.Bits, TFormat.Bits, TFormat.Values / UnitInputs, UnitInputs / TFormat.Group, TFormat.Offset, QuantizedPanel<TFormat>.HasFactors, TFormat.HasMins,
        QuantizedPanel<TFormat>.BlockBytes, QuantizedPanel<TFormat>.MinsOffset, QuantizedPanel<TFormat>.FactorsOffset, QuantizedPanel<TFormat>.MinFactorsOffset, QuantizedPanel<TFormat>.CodesOffset);
}
