namespace Folio.Compute.Cpu.Linear;

/// <summary>What an emitted kernel of floats works on: some rows times some vectors of a panel's outputs over some inputs.</summary>
/// <remarks>The order of the fields is known to <see cref="FloatKernelEmitter"/> and <see cref="PairTileEmitter"/>.</remarks>
internal unsafe struct FloatTile
{
    /// <summary>The first output's word of the first input.</summary>
    public byte* Words;

    /// <summary>[values, rows] activations: numbers, or pairs of bf16, the first input's in the low half; for tiles [steps, rows, values of a step].</summary>
    public float* X;

    /// <summary>[rows, 32] is added to, from the tile's first output on.</summary>
    public float* Sums;

    /// <summary>Steps of <see cref="FloatKernel.Step"/> inputs; at least one.</summary>
    public long Steps;
}
