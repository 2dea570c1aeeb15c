namespace Folio.Compute.Cpu.Linear;

/// <summary>What else than rounded activations and their scales a kernel wants to know of each group.</summary>
internal enum CorrectionKind
{
    None,

    /// <summary>fp32: xScale · Σ x, to be multiplied by the weights' minimum.</summary>
    Sum,

    /// <summary>int32: −offset · Σ x, where the sum begins.</summary>
    StartInt32,

    /// <summary>int16, twice: −offset · Σ x, where the two halves of a sum begin: that of the first two activations of every four, as they are stored, and that of the others.</summary>
    StartInt16,
}

/// <summary>Activations rounded to int8: x ≈ scale · code, with one scale for each row and unit of 32 inputs (scale = max |x| / 127), tile after tile as the kernels walk them.</summary>
/// <remarks>
/// A pair of row and unit is rounded by itself, so a row's answer doesn't depend on the others. A tile of rows
/// [start, start + height) begins behind start · units pairs, its pairs lie [units, height]: what a tile reads is one stretch of memory, however many rows there are.
/// </remarks>
internal readonly unsafe struct RoundedRows
{
    public readonly RowTiles Tiles;
    public readonly int Units;

    /// <summary>[pairs, 32]</summary>
    public readonly sbyte* Codes;

    /// <summary>[pairs]</summary>
    public readonly float* Scales;

    /// <summary>[pairs · groups], of a tile [units · groups, height], as <see cref="CorrectionKind"/> says.</summary>
    public readonly int* Corrections;

    public RoundedRows(int rows, int columns, int maxTileRows, byte* memory)
    {
        (Tiles, Units) = (new(rows, maxTileRows), columns / RoundedPanel.UnitInputs);
        long pairs = (long)rows * Units;
        Codes = (sbyte*)memory;
        Scales = (float*)(Codes + pairs * RoundedPanel.UnitInputs);
        Corrections = (int*)(Scales + pairs);
    }

    /// <summary>Bytes for so many values.</summary>
    public static long Bytes(long values) => values + values / RoundedPanel.UnitInputs * (sizeof(float) + 2 * sizeof(int));
}
