using System.Runtime.CompilerServices;

namespace Folio.Compute.Cpu.Linear;

/// <summary>Activations as the tiles of floats walk them: tile after tile, of each [values, height], padded with zeros to whole steps.</summary>
internal readonly unsafe struct TiledRows(int rows, int values, int maxTileRows, float* memory)
{
    public readonly RowTiles Tiles = new(rows, maxTileRows);

    /// <summary>Of a row: numbers, or pairs.</summary>
    public readonly int Values = values;

    public float* Tile(int tile) => memory + (long)Tiles.Start(tile) * Values;
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
            for (int k = _a.Columns; k < tiles.Values; k++) to[(long)k * height + row] = 0;
        }
    }
}

/// <summary>Rounds a tile an item to bf16 and transposes it, a pair or a few together.</summary>
/// <param name="run">Pairs of a row that stay side by side; a divisor of its values.</param>
internal readonly unsafe struct TilePairsJob(LinearArguments arguments, TiledRows tiles, int run) : IParallelJob
{
    private readonly LinearArguments _a = arguments;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int item, int worker)
    {
        int start = tiles.Tiles.Start(item), height = tiles.Tiles.Height(item);
        uint* to = (uint*)tiles.Tile(item);
        for (int row = 0; row < height; row++)
        {
            float* x = _a.X + (start + row) * _a.XStride;
            for (int first = 0; first < tiles.Values; first += run)
            {
                uint* place = to + (long)first * height + row * run;
                for (int pair = first; pair < first + run; pair++) *place++ = Pair(x, 2 * pair);
            }
        }
    }

    /// <summary>Inputs k and k + 1; zeros past the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Pair(float* x, int k) => (k < _a.Columns ? BF16Element.Round(x[k]) : 0u) | (k + 1 < _a.Columns ? (uint)BF16Element.Round(x[k + 1]) << 16 : 0);
}
