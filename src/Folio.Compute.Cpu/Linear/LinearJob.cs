using System.Runtime.CompilerServices;

namespace Folio.Compute.Cpu.Linear;

/// <summary>What <see cref="LinearJob{TSimd, TV, TDecoder}"/> works on.</summary>
internal unsafe struct LinearArguments
{
    public byte* Panels;
    public long PanelBytes;
    public int Outputs;
    public int Columns;

    public float* X;       // [Rows, Columns]
    public long XStride;
    public int Rows;

    public float* Bias;    // [Outputs] or null
    public float* Y;       // [Rows, Outputs]
    public long YStride;
    public bool Accumulate;
}

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
            for (int row = 0; row < rows; row++) Finish(sums + row * Panel.Lanes, firstRow + row, panel * Panel.Lanes);
        }
    }

    /// <summary>Adds bias, then what y held, to one row of a panel's sums.</summary>
    private void Finish(float* sums, int row, int output)
    {
        float* bias = _a.Bias == null ? null : _a.Bias + output, y = _a.Y + row * _a.YStride + output;
        int lane = 0, lanes = Math.Min(Panel.Lanes, _a.Outputs - output);
        for (; lane <= lanes - TSimd.Count; lane += TSimd.Count)
        {
            TV value = TSimd.Load(sums + lane);
            if (bias != null) value = TSimd.Add(value, TSimd.Load(bias + lane));
            if (_a.Accumulate) value = TSimd.Add(value, TSimd.Load(y + lane));
            TSimd.Store(value, y + lane);
        }

        for (; lane < lanes; lane++)
        {
            float value = sums[lane];
            if (bias != null) value += bias[lane];
            if (_a.Accumulate) value += y[lane];
            y[lane] = value;
        }
    }
}
