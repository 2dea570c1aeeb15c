using System.Runtime.CompilerServices;

namespace Folio.Compute.Cpu.Linear;

/// <summary>Activations as the tiles of exact products walk them: tile after tile, of each [inputs, height], inputs padded with zeros to whole steps.</summary>
internal readonly unsafe struct TiledRows(int rows, int inputs, int maxTileRows, float* values)
{
    public readonly RowTiles Tiles = new(rows, maxTileRows);
    public readonly int Inputs = inputs;

    public float* Tile(int tile) => values + (long)Tiles.Start(tile) * Inputs;
}

/// <summary>Transposes a tile an item.</summary>
internal readonly unsafe struct TileRowsJob(LinearArguments arguments, TiledRows tiles) : IParallelJob
{
    private readonly LinearArguments _a = arguments;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int item, int worker)
    {
        int start = tiles.Tiles.Start(item), height = tiles.Tiles.Height(item);
        float* to = tiles.Tile(item);
        for (int row = 0; row < height; row++)
        {
            float* x = _a.X + (start + row) * _a.XStride;
            for (int k = 0; k < _a.Columns; k++) to[(long)k * height + row] = x[k];
            for (int k = _a.Columns; k < tiles.Inputs; k++) to[(long)k * height + row] = 0;
        }
    }
}
