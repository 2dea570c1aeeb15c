using Folio.Compute.Cpu.Emit;

namespace Folio.Compute.Cpu.Linear;

/// <summary>Emitted tiles.</summary>
/// <param name="functions">For 1, 2, … rows.</param>
/// <param name="maxRows">How many there are.</param>
/// <param name="maxSums">Vectors of sums that the registers hold.</param>
/// <param name="vectorLanes">Outputs of a vector.</param>
internal readonly unsafe struct EmittedKernel(EmittedFunctions functions, int maxRows, int maxSums, int vectorLanes) : IRoundedKernel
{
    public int MaxRows => maxRows;

    public int Lanes(int rows) => vectorLanes * Vectors(rows, maxSums, vectorLanes);

    public void Run(RoundedTile* tile, int rows) => functions.Call(tile, rows);

    /// <summary>Vectors of a tile: as many of 1, 2, 4 as the registers hold sums for.</summary>
    public static int Vectors(int rows, int maxSums, int vectorLanes)
    {
        int vectors = Panel.Lanes / vectorLanes;
        while (vectors > 1 && rows * vectors > maxSums) vectors /= 2;
        return vectors;
    }
}
