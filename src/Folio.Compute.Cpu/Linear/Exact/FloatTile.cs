namespace Folio.Compute.Cpu.Linear;

/// <summary>What an emitted kernel of exact activations works on: some rows times some vectors of a panel's outputs over some inputs.</summary>
/// <remarks>The order of the fields is known to <see cref="FloatKernelEmitter"/>.</remarks>
internal unsafe struct FloatTile
{
    /// <summary>Inputs that a kernel takes at a time.</summary>
    public const int Step = 8;

    /// <summary>The first output's word of the first input.</summary>
    public byte* Words;

    /// <summary>[inputs, rows]</summary>
    public float* X;

    /// <summary>[rows, 32] is added to, from the tile's first output on.</summary>
    public float* Sums;

    /// <summary>Steps of <see cref="Step"/> inputs; at least one.</summary>
    public long Steps;
}
