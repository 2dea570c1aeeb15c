using System.Runtime.CompilerServices;

namespace Folio.Compute.Cpu.Linear;

/// <summary>y = x · wᵀ + bias or y += that. An item is a few panels times up to 96 rows.</summary>
internal readonly unsafe struct LinearJob<TSimd, TV, TDecoder> : IParallelJob
    where TSimd : ISimd<TV> where TV : struct where TDecoder : struct, IPanelDecoder<TDecoder, TV>
{
    private const int ItemsPerThread = 24; // enough to even out a neighbour's interruptions, few enough that claiming costs nothing

    private readonly LinearArguments _a;
    private readonly int _panels;
    private readonly int _panelsPerItem;
    private readonly int _rowBlocks;

    public LinearJob(in LinearArguments arguments, int threads)
    {
        _a = arguments;
        _panels = Panel.Count(arguments.Outputs);
        _rowBlocks = (arguments.Rows + PanelKernels<TSimd, TV, TDecoder>.MaxRows - 1) / PanelKernels<TSimd, TV, TDecoder>.MaxRows;
        _panelsPerItem = Math.Clamp(_panels * _rowBlocks / (threads * ItemsPerThread), 1, 8);
    }

    public int Items => (_panels + _panelsPerItem - 1) / _panelsPerItem * _rowBlocks;

    [SkipLocalsInit]
    public void Run(int item, int worker)
    {
        float* sums = stackalloc float[PanelKernels<TSimd, TV, TDecoder>.MaxRows * Panel.Lanes];
        int panelItems = (_panels + _panelsPerItem - 1) / _panelsPerItem;
        int block = item / panelItems, firstPanel = item % panelItems * _panelsPerItem;
        int firstRow = (int)((long)_a.Rows * block / _rowBlocks), rows = (int)((long)_a.Rows * (block + 1) / _rowBlocks) - firstRow;
        for (int panel = firstPanel; panel < Math.Min(firstPanel + _panelsPerItem, _panels); panel++)
        {
            PanelKernels<TSimd, TV, TDecoder>.Multiply(_a.Panels + panel * _a.PanelBytes, _a.Columns, rows, _a.X + firstRow * _a.XStride, _a.XStride, sums);
            _a.Finish(sums, firstRow, rows, panel);
        }
    }
}
