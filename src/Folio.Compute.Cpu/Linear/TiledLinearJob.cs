using System.Runtime.CompilerServices;

namespace Folio.Compute.Cpu.Linear;

/// <summary>What a register tile does: some rows times some outputs of a panel over some blocks of inputs.</summary>
internal unsafe interface ITiledProduct
{
    RowTiles Tiles { get; }

    /// <summary>Rows of the largest tile.</summary>
    int MaxTileRows { get; }

    /// <summary>Blocks of inputs.</summary>
    int Blocks { get; }

    /// <summary>Bytes of a panel's block.</summary>
    int BlockBytes { get; }

    /// <summary>Outputs that a tile of so many rows covers: a divisor of a panel's 32, the same for all tiles of more than half the most rows.</summary>
    int Lanes(int rows);

    /// <summary>sums += the tile's product with blocks [first, first + blocks) of the panel, from an output on.</summary>
    /// <param name="sums">[rows, 32], the tile's first row and the output first.</param>
    void Run(int tile, byte* panel, int first, int blocks, int lane, float* sums);
}

/// <summary>y = x · wᵀ + bias or y += that, by register tiles. An item is a few panels times a few tiles of rows.</summary>
internal readonly unsafe struct TiledLinearJob<TProduct> : IParallelJob where TProduct : unmanaged, ITiledProduct
{
    private const int ItemsPerThread = 24;   // as in LinearJob
    private const int MaxRows = 66;          // their sums and activations of a chunk stay near
    private const int ChunkBytes = 20 << 10; // of a panel, that stay in the first-level cache, beside a tile of activations, while several tiles run over them

    private readonly LinearArguments _a;
    private readonly TProduct _product;
    private readonly RowTiles _tiles;
    private readonly int _panels, _panelsPerItem, _tilesPerItem;

    public TiledLinearJob(in LinearArguments arguments, TProduct product, int threads)
    {
        (_a, _product, _tiles) = (arguments, product, product.Tiles);
        _panels = Panel.Count(arguments.Outputs);
        _tilesPerItem = MaxRows / product.MaxTileRows;
        _panelsPerItem = Math.Clamp(_panels * RowItems / (threads * ItemsPerThread), 1, 8);
    }

    public int Items => PanelItems * RowItems;

    private int PanelItems => (_panels + _panelsPerItem - 1) / _panelsPerItem;

    private int RowItems => (_tiles.Count + _tilesPerItem - 1) / _tilesPerItem;

    [SkipLocalsInit]
    public void Run(int item, int worker)
    {
        float* sums = stackalloc float[MaxRows * Panel.Lanes];
        (int rowItem, int panelItem) = Math.DivRem(item, PanelItems);
        int firstTile = rowItem * _tilesPerItem, endTile = Math.Min(firstTile + _tilesPerItem, _tiles.Count), firstRow = _tiles.Start(firstTile), rows = _tiles.Start(endTile) - firstRow;
        for (int panel = panelItem * _panelsPerItem; panel < Math.Min((panelItem + 1) * _panelsPerItem, _panels); panel++)
        {
            new Span<float>(sums, rows * Panel.Lanes).Clear();
            Multiply(_a.Panels + panel * _a.PanelBytes, firstTile, endTile, sums);
            _a.Finish(sums, firstRow, rows, panel);
        }
    }

    private void Multiply(byte* panel, int firstTile, int endTile, float* sums)
    {
        int blocks = _product.Blocks, lanes = _product.Lanes(_tiles.Height(firstTile)), firstRow = _tiles.Start(firstTile);
        int chunks = endTile - firstTile == 1 && lanes == Panel.Lanes ? 1 : (blocks * _product.BlockBytes + ChunkBytes - 1) / ChunkBytes, chunk = (blocks + chunks - 1) / chunks;
        for (int first = 0; first < blocks; first += chunk)
        {
            for (int tile = firstTile; tile < endTile; tile++)
            {
                for (int lane = 0; lane < Panel.Lanes; lane += lanes)
                    _product.Run(tile, panel, first, Math.Min(chunk, blocks - first), lane, sums + (_tiles.Start(tile) - firstRow) * Panel.Lanes + lane);
            }
        }
    }
}
