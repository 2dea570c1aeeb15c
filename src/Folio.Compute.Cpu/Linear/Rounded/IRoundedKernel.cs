namespace Folio.Compute.Cpu.Linear;

/// <summary>The register tiles of one type of weights with rounded activations.</summary>
internal unsafe interface IRoundedKernel
{
    /// <summary>Rows of the largest tile.</summary>
    int MaxRows { get; }

    /// <summary>Outputs that a tile of so many rows covers: a divisor of a panel's 32, the same for all tiles of more than half the most rows.</summary>
    int Lanes(int rows);

    void Run(RoundedTile* tile, int rows);
}
