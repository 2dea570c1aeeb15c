namespace Folio.Compute.Cpu.Linear;

/// <summary>Rows cut into tiles of nearly equal height: those that one run of a kernel takes.</summary>
internal readonly struct RowTiles(int rows, int maxHeight)
{
    public readonly int Rows = rows, Count = (rows + maxHeight - 1) / maxHeight;

    /// <summary>The first row of a tile; of the one past the last, the number of rows.</summary>
    public int Start(int tile) => (int)((long)Rows * tile / Count);

    public int Height(int tile) => Start(tile + 1) - Start(tile);

    /// <summary>The tile that holds a row.</summary>
    public int TileOf(int row) => (int)(((long)(row + 1) * Count - 1) / Rows);
}
