using System.Runtime.CompilerServices;

namespace Folio.Compute.Cpu.Linear;

/// <summary>y = x · wᵀ + bias or y += that, weights of fp32 or bf16. An item is a few panels times a few tiles of rows.</summary>
internal readonly unsafe struct FloatLinearJob : IParallelJob
{
    private const int ItemsPerThread = 24, MaxRows = 66, ChunkBytes = 20 << 10; // as in RoundedLinearJob

    private readonly LinearArguments _a;
    private readonly TiledRows _x;
    private readonly EmittedFunctions _functions;
    private readonly bool _wide;
    private readonly int _stepBytes, _panels, _panelsPerItem, _tilesPerItem;

    public FloatLinearJob(in LinearArguments arguments, in TiledRows x, bool half, bool wide, in EmittedFunctions functions, int threads)
    {
        (_a, _x, _wide, _functions) = (arguments, x, wide, functions);
        _stepBytes = FloatTile.Step / (half ? 2 : 1) * Panel.WordBytes;
        _panels = Panel.Count(arguments.Outputs);
        _tilesPerItem = MaxRows / FloatKernelEmitter.MaxRows(wide);
        _panelsPerItem = Math.Clamp(_panels * RowItems / (threads * ItemsPerThread), 1, 8);
    }

    public int Items => PanelItems * RowItems;

    private int PanelItems => (_panels + _panelsPerItem - 1) / _panelsPerItem;

    private int RowItems => (_x.Tiles + _tilesPerItem - 1) / _tilesPerItem;

    [SkipLocalsInit]
    public void Run(int item, int worker)
    {
        float* sums = stackalloc float[MaxRows * Panel.Lanes];
        (int rowItem, int panelItem) = Math.DivRem(item, PanelItems);
        int firstTile = rowItem * _tilesPerItem, endTile = Math.Min(firstTile + _tilesPerItem, _x.Tiles), firstRow = _x.Start(firstTile), rows = _x.Start(endTile) - firstRow;
        for (int panel = panelItem * _panelsPerItem; panel < Math.Min((panelItem + 1) * _panelsPerItem, _panels); panel++)
        {
            new Span<float>(sums, rows * Panel.Lanes).Clear();
            Multiply(_a.Panels + panel * _a.PanelBytes, firstTile, endTile, sums);
            _a.Finish(sums, firstRow, rows, panel);
        }
    }

    private void Multiply(byte* panel, int firstTile, int endTile, float* sums)
    {
        int steps = _x.Inputs / FloatTile.Step, lanes = FloatKernelEmitter.Vectors(_wide, _x.Start(firstTile + 1) - _x.Start(firstTile)) * (_wide ? 16 : 8);
        int chunks = endTile - firstTile == 1 && lanes == Panel.Lanes ? 1 : (steps * _stepBytes + ChunkBytes - 1) / ChunkBytes, chunk = (steps + chunks - 1) / chunks;
        FloatTile tile;
        for (int first = 0; first < steps; first += chunk)
        {
            for (int lane = 0; lane < Panel.Lanes; lane += lanes)
            {
                for (int t = firstTile; t < endTile; t++)
                {
                    int start = _x.Start(t), height = _x.Start(t + 1) - start;
                    tile.Words = panel + (long)first * _stepBytes + lane * sizeof(uint);
                    tile.X = _x.Tile(t) + (long)first * FloatTile.Step * height;
                    tile.Sums = sums + (start - _x.Start(firstTile)) * Panel.Lanes + lane;
                    tile.Steps = Math.Min(chunk, steps - first);
                    _functions.Call(&tile, height);
                }
            }
        }
    }
}
