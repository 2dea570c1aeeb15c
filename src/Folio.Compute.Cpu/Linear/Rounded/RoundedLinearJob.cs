using System.Runtime.CompilerServices;

namespace Folio.Compute.Cpu.Linear;

/// <summary>y = x · wᵀ + bias or y += that, x rounded. An item is a few panels times a few tiles of rows.</summary>
internal readonly unsafe struct RoundedLinearJob<TKernel> : IParallelJob where TKernel : unmanaged, IRoundedKernel
{
    private const int ItemsPerThread = 24;   // as in LinearJob
    private const int MaxRows = 66;          // their sums and activations of a chunk stay near
    private const int ChunkBytes = 20 << 10; // of a panel, that stay there while several tiles run over them

    private readonly LinearArguments _a;
    private readonly RoundedRows _x;
    private readonly RoundedPanel _panel;
    private readonly TKernel _kernel;
    private readonly int _panels, _panelsPerItem, _tilesPerItem;

    public RoundedLinearJob(in LinearArguments arguments, in RoundedRows x, in RoundedPanel panel, TKernel kernel, int threads)
    {
        (_a, _x, _panel, _kernel) = (arguments, x, panel, kernel);
        _panels = Panel.Count(arguments.Outputs);
        _tilesPerItem = MaxRows / kernel.MaxRows;
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
        int blocks = _x.Units / _panel.Units, lanes = _kernel.Lanes(_x.Start(firstTile + 1) - _x.Start(firstTile));
        int chunks = endTile - firstTile == 1 && lanes == Panel.Lanes ? 1 : (blocks * _panel.BlockBytes + ChunkBytes - 1) / ChunkBytes, chunk = (blocks + chunks - 1) / chunks;
        RoundedTile tile;
        for (int first = 0; first < blocks; first += chunk)
        {
            byte* scales = panel + (long)first * _panel.BlockBytes;
            tile.Blocks = Math.Min(chunk, blocks - first);
            for (int lane = 0; lane < Panel.Lanes; lane += lanes)
            {
                tile.Scales = scales + lane * sizeof(ushort);
                tile.Words = scales + _panel.CodesOffset + lane * sizeof(uint);
                tile.Factors = scales + _panel.FactorsOffset + lane;
                for (int t = firstTile; t < endTile; t++)
                {
                    int start = _x.Start(t), height = _x.Start(t + 1) - start;
                    long pair = (long)start * _x.Units + (long)first * _panel.Units * height;
                    tile.X = _x.Codes + pair * RoundedPanel.UnitInputs;
                    tile.XScales = _x.Scales + pair;
                    tile.Corrections = _x.Corrections + pair * _panel.Groups;
                    tile.XStride = (long)height * RoundedPanel.UnitInputs;
                    tile.ScalesStride = (long)height * sizeof(float);
                    tile.Sums = sums + (start - _x.Start(firstTile)) * Panel.Lanes + lane;
                    _kernel.Run(&tile, height);
                }
            }
        }
    }
}
