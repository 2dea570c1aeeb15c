namespace Folio.Compute.Cpu.Linear;

/// <summary>The vector operations that the matrix kernels need, for one width. TV is a vector of fp32, or of 32-bit lanes read as bits.</summary>
/// <remarks>
/// Implemented by an empty struct for each width, so that a kernel written once is compiled once a width, every operation one instruction.
/// All widths give the same bits: nothing here sums across lanes, and a multiply-add rounds once.
/// </remarks>
internal unsafe interface ISimd<TV> where TV : struct
{
    /// <summary>Lanes of a vector.</summary>
    static abstract int Count { get; }

    /// <summary>Rows of the largest register tile, two vectors wide: what the registers of this width hold.</summary>
    static abstract int TileRows { get; }

    static abstract TV Load(void* source);

    static abstract void Store(TV value, void* destination);

    static abstract TV Broadcast(float value);

    static abstract TV Add(TV a, TV b);

    static abstract TV Multiply(TV a, TV b);

    /// <returns>a · b + c, rounded once.</returns>
    static abstract TV MultiplyAdd(TV a, TV b, TV c);

    static abstract TV And(TV bits, uint mask);

    static abstract TV Or(TV a, TV b);

    static abstract TV ShiftLeft(TV bits, int count);

    static abstract TV ShiftRight(TV bits, int count);

    static abstract TV ShiftRightSigned(TV bits, int count);

    /// <returns>The lanes, taken as int32, as fp32.</returns>
    static abstract TV ToSingle(TV bits);

    /// <returns>Lanes of sign-extended int16.</returns>
    static abstract TV LoadInt16(void* source);

    /// <returns>Lanes of sign-extended int8.</returns>
    static abstract TV LoadInt8(void* source);
}
