namespace Folio.Compute.Cpu;

/// <summary>What a tile of attention works on: some rows times some pairs of vectors of columns.</summary>
/// <remarks>The order of the fields is known to <see cref="AttentionTileEmitter"/>.</remarks>
internal unsafe struct AttentionTileArguments
{
    /// <summary>The first pair's columns of the first step.</summary>
    public float* W;

    /// <summary>Row 0's number of the first step.</summary>
    public float* X;

    /// <summary>Row 0's sums of the first pair.</summary>
    public float* Sums;

    /// <summary>Rounds of as many steps as the kernel takes at a time; at least one.</summary>
    public long Steps;

    /// <summary>Pairs of vectors; at least one.</summary>
    public long Tiles;
}

/// <summary>What lies how far apart, in bytes, and how sums begin.</summary>
/// <param name="X">Rows of numbers.</param>
/// <param name="W">Steps of columns.</param>
/// <param name="Sums">Rows of sums.</param>
/// <param name="Fresh">Sums begin at 0; else at what memory holds.</param>
internal readonly record struct AttentionStrides(int X, int W, int Sums, bool Fresh);
