namespace Folio.Compute.Cpu.Linear;

/// <summary>What a kernel of rounded activations works on: some rows times some vectors of a panel's outputs over some blocks of inputs.</summary>
/// <remarks>The order of the fields is known to <see cref="RoundedKernelEmitter"/>.</remarks>
internal unsafe struct RoundedTile
{
    /// <summary>The first output's scale in the first block; minima, factors and codes lie behind it, each with a stride of its own.</summary>
    public byte* Scales;

    /// <summary>The first output's word in the first block's codes.</summary>
    public byte* Words;

    /// <summary>The first output's factor in the first block.</summary>
    public byte* Factors;

    /// <summary>[units, rows, 32] rounded activations, of the tile's rows.</summary>
    public sbyte* X;

    /// <summary>[units, rows] their scales.</summary>
    public float* XScales;

    /// <summary>[groups, rows] <see cref="RoundedRows.Corrections"/>.</summary>
    public int* Corrections;

    /// <summary>[rows, 32] is added to, from the tile's first output on.</summary>
    public float* Sums;

    /// <summary>Bytes from one unit's rounded activations to the next one's: 32 · rows.</summary>
    public long XStride;

    /// <summary>Bytes from one unit's scales, or one group's corrections, to the next one's: 4 · rows.</summary>
    public long ScalesStride;

    /// <summary>At least one.</summary>
    public long Blocks;
}
