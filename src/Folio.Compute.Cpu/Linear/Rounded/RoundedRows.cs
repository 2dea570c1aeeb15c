namespace Folio.Compute.Cpu.Linear;

/// <summary>What else than rounded activations and their scales a kernel wants to know of each group.</summary>
internal enum CorrectionKind
{
    None,

    /// <summary>fp32: xScale · Σ x, to be multiplied by the weights' minimum.</summary>
    Sum,

    /// <summary>int32: −offset · Σ x, where the sum begins.</summary>
    StartInt32,

    /// <summary>int16, twice: −offset / 2 · Σ x, where the two halves of a sum begin.</summary>
    StartInt16,
}

/// <summary>Activations rounded to int8: x ≈ scale · code, with one scale for each row and unit of 32 inputs (scale = max |x| / 127), units outermost.</summary>
/// <remarks>A pair of row and unit is rounded by itself, so a row's answer doesn't depend on the others.</remarks>
internal unsafe struct RoundedRows
{
    public int Rows, Units;

    /// <summary>[units, rows, 32]</summary>
    public sbyte* Codes;

    /// <summary>[units, rows]</summary>
    public float* Scales;

    /// <summary>[units · groups, rows] as <see cref="CorrectionKind"/> says.</summary>
    public int* Corrections;

    /// <summary>Bytes for so many values.</summary>
    public static long Bytes(long values) => values + values / RoundedPanel.UnitInputs * (sizeof(float) + 2 * sizeof(int));

    public RoundedRows(int rows, int columns, byte* memory)
    {
        (Rows, Units) = (rows, columns / RoundedPanel.UnitInputs);
        long pairs = (long)rows * Units;
        Codes = (sbyte*)memory;
        Scales = (float*)(Codes + pairs * RoundedPanel.UnitInputs);
        Corrections = (int*)(Scales + pairs);
    }
}
