using System.Runtime.CompilerServices;

namespace Folio.Compute.Cpu.Linear;

/// <summary>y = x · wᵀ + bias or y += that, x rounded. An item is a few panels times up to 64 rows.</summary>
internal readonly unsafe struct RoundedLinearJob<TKernel> : IParallelJob where TKernel : unmanaged, IRoundedKernel
{
    private const int ItemsPerThread = 24;   // as in LinearJob
    private const int MaxRows = 64;          // their sums and activations of a chunk stay in the first-level cache
    private const int ChunkBytes = 20 << 10; // of a panel, that stay there while several tiles run over them

    private readonly LinearArguments _a;
    private readonly RoundedRows _x;
    private readonly RoundedPanel _panel;
    private readonly TKernel _kernel;
    private readonly int _panels, _panelsPerItem, _rowBlocks;

    public RoundedLinearJob(in LinearArguments arguments, in RoundedRows x, in RoundedPanel panel, TKernel kernel, int threads)
    {
        (_a, _x, _panel, _kernel) = (arguments, x, panel, kernel);
        _panels = Panel.Count(arguments.Outputs);
        _rowBlocks = (arguments.Rows + MaxRows - 1) / MaxRows;
        _panelsPerItem = Math.Clamp(_panels * _rowBlocks / (threads * ItemsPerThread), 1, 8);
    }

    public int Items => (_panels + _panelsPerItem - 1) / _panelsPerItem * _rowBlocks;

    [SkipLocalsInit]
    public void Run(int item, int worker)
    {
        float* sums = stackalloc float[MaxRows * Panel.Lanes];
        int panelItems = (_panels + _panelsPerItem - 1) / _panelsPerItem;
        int block = item / panelItems, firstPanel = item % panelItems * _panelsPerItem;
        int firstRow = (int)((long)_a.Rows * block / _rowBlocks), rows = (int)((long)_a.Rows * (block + 1) / _rowBlocks) - firstRow;
        for (int panel = firstPanel; panel < Math.Min(firstPanel + _panelsPerItem, _panels); panel++)
        {
            Multiply(_a.Panels + panel * _a.PanelBytes, firstRow, rows, sums);
            _a.Finish(sums, firstRow, rows, panel);
        }
    }

    private void Multiply(byte* panel, int firstRow, int rows, float* sums)
    {
        new Span<float>(sums, rows * Panel.Lanes).Clear();
        int blocks = _x.Units / _panel.Units, tiles = (rows + _kernel.MaxRows - 1) / _kernel.MaxRows;
        int lanes = _kernel.Lanes((rows + tiles - 1) / tiles);
        int chunks = tiles == 1 && lanes == Panel.Lanes ? 1 : (blocks * _panel.BlockBytes + ChunkBytes - 1) / ChunkBytes, chunk = (blocks + chunks - 1) / chunks;
        RoundedTile tile;
        tile.XStride = (long)_x.Rows * RoundedPanel.UnitInputs;
        tile.ScalesStride = (long)_x.Rows * sizeof(float);
        for (int first = 0; first < blocks; first += chunk)
        {
            byte* scales = panel + (long)first * _panel.BlockBytes;
            long unit = (long)first * _panel.Units;
            tile.Blocks = Math.Min(chunk, blocks - first);
            for (int lane = 0; lane < Panel.Lanes; lane += lanes)
            {
                tile.Scales = scales + lane * sizeof(ushort);
                tile.Words = scales + _panel.CodesOffset + lane * sizeof(uint);
                tile.Factors = scales + _panel.FactorsOffset + lane;
                for (int t = 0; t < tiles; t++)
                {
                    int start = rows * t / tiles, count = rows * (t + 1) / tiles - start, row = firstRow + start; // tiles of nearly equal height
                    tile.X = _x.Codes + (unit * _x.Rows + row) * RoundedPanel.UnitInputs;
                    tile.XScales = _x.Scales + unit * _x.Rows + row;
                    tile.Corrections = _x.Corrections + unit * _panel.Groups * _x.Rows + row;
                    tile.Sums = sums + start * Panel.Lanes + lane;
                    _kernel.Run(&tile, count);
                }
            }
        }
    }
}
