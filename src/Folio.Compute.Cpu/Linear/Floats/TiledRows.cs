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

/// <summary>Rounds a tile an item to bf16 and transposes it pair by pair.</summary>
internal readonly unsafe struct TilePairsJob(LinearArguments arguments, TiledRows tiles) : IParallelJob
{
    private readonly LinearArguments _a = arguments;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int item, int worker)
    {
        int start = tiles.Tiles.Start(item), height = tiles.Tiles.Height(item), whole = _a.Columns / 2;
        uint* to = (uint*)tiles.Tile(item);
        for (int row = 0; row < height; row++)
        {
            float* x = _a.X + (start + row) * _a.XStride;
            for (int pair = 0; pair < whole; pair++) to[(long)pair * height + row] = Round(x[2 * pair]) | Round(x[2 * pair + 1]) << 16;
            for (int pair = whole; pair < tiles.Values; pair++) to[(long)pair * height + row] = 0;
            if (_a.Columns % 2 == 1) to[(long)whole * height + row] = Round(x[_a.Columns - 1]);
        }
    }

    /// <summary>To the nearest bf16, ties to even; what is too large becomes infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Round(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? bits >> 16 | 0x40 : bits + 0x7FFF + (bits >> 16 & 1) >> 16;
    }
}
