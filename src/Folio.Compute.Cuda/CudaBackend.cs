using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Compiling;
using Folio.Compute.Cuda.Elementwise;
using Folio.Compute.Cuda.Interop;
using Folio.Compute.Cuda.Linear;
using Folio.Compute.Cuda.Sampling;

namespace Folio.Compute.Cuda;

/// <summary>The op set on an NVIDIA card, in CUDA C++. fp32 sums and residual stream; products are fed with 16-bit numbers and read weights as they are stored.</summary>
/// <remarks>
/// Ops only begin their work: everything runs in order on one stream of the card, and the host waits where it reads. Weights, buffers and caches are allocated by the
/// driver and live as long as this.
/// Partial: this file holds memory, the others one group of ops each.
/// </remarks>
public sealed unsafe partial class CudaBackend : Backend
{
    /// <summary>Values from row to row of a buffer are a multiple of this: rows begin at whole cache lines, and a product's inputs may be filled up.</summary>
    private const int RowAlignment = 32;

    /// <summary>Rows of a buffer, as products of many rows round them up: what lies behind a step's own is scratch.</summary>
    internal const int RowBlock = 64;

    private const int UploadBytes = 4 << 20; // of a part of the ring

    private readonly CudaOptions _options;
    private readonly CudaContext _context;
    private readonly KernelLibrary _kernels;
    private readonly UploadRing _uploads;
    private readonly List<HostRows> _hostRows = [];

    /// <exception cref="CudaException">There is no driver, no card, or one that is too old.</exception>
    public CudaBackend(CudaOptions? options = null)
    {
        _options = options ?? new();
        _options.Check();
        _context = new CudaContext(_options.Device);
        try
        {
            _kernels = new KernelLibrary(_context, new KernelCache(_options.KernelFolder));
            _uploads = new UploadRing(_context, UploadBytes);
            _elementwise = new ElementwiseKernels(_kernels);
            _linear = new LinearKernels(_kernels);
            _manyRows = new ManyRows(_context, _kernels);
            if (!_options.IsDeterministic) _dense = DenseProducts.TryCreate(_context);
            _float8 = Float8Products.TryCreate(_context, _kernels, _dense);
            _sampling = new SamplingKernels(_kernels);
            _asked = new AskedChanges(_context, _uploads, _sampling);
            _drawn = new DrawnTokens(_context, MaxDrawn);
            _drawStates = _context.AllocateZeroed((long)MaxDrawn * SamplePlan.StateBytes, "the states of draws");
        }
        catch
        {
            _context.Dispose();
            throw;
        }
    }

    internal CudaContext Context => _context;

    public override string Description =>
        $"{_context.Name} ({_context.Architecture}), {_context.Memory.Total / (1 << 20)} MiB, {ProductInput} products{(_options.IsDeterministic ? ", deterministic" : _dense is null ? " without cuBLASLt" : "")}";

    /// <summary>What is left of the share that this process may take.</summary>
    public override long AvailableMemory
    {
        get
        {
            (long free, long total) = _context.Memory;
            return Math.Max(0, free - (long)(total * (1 - _options.GpuMemoryUtilization)));
        }
    }

    /// <summary>vLLM's, by the card's memory.</summary>
    public override int StepTokens => _context.Memory.Total >= 70L << 30 ? 8192 : 2048;

    public override double CacheShare => 1; // what others need lies outside of the utilization

    /// <remarks>fp16 rounds less than bf16, but not every model's values are within its range.</remarks>
    public override IReadOnlyList<DType> CacheTypes { get; } = [DType.BF16, DType.F16, DType.I8, DType.F8_E4M3];

    /// <summary>It is pinned, and taken at once.</summary>
    public override long DefaultSwapSpace(long cacheBytes) => Math.Min(base.DefaultSwapSpace(cacheBytes), 4L << 30);

    public override long HostMemoryBeside(long cacheBytes) => HostMemory.Available;

    public override Tensor Allocate(int rows, int columns, DType type = DType.F32)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        int stride = (columns + RowAlignment - 1) / RowAlignment * RowAlignment;
        var buffer = new Tensor(0, rows, columns, stride, type);
        return buffer with { Data = _context.AllocateZeroed((long)(rows > 1 ? (rows + RowBlock - 1) / RowBlock * RowBlock : rows) * stride * buffer.ElementBytes, $"a buffer of [{rows}, {columns}] {type}") };
    }

    public override Tensor Upload(ReadOnlySpan<float> values)
    {
        Tensor x = Allocate(1, values.Length);
        Write(x, values);
        return x;
    }

    public override void Write(Tensor x, ReadOnlySpan<float> values)
    {
        if (x.Type != DType.F32) throw new ArgumentException("only F32 is written", nameof(x));
        if (x.Columns == 0) return;
        _context.Use();
        int atOnce = Math.Max(1, _uploads.PartBytes / (x.Stride * sizeof(float)) - 1), rows = values.Length / x.Columns;
        for (int first = 0; first < rows; first += atOnce)
        {
            int count = Math.Min(atOnce, rows - first), numbers = (count - 1) * x.Stride + x.Columns;
            Span<float> place = _uploads.Take<float>(numbers, out _);
            if (x.Stride != x.Columns) place.Clear();
            for (int row = 0; row < count; row++) values.Slice((first + row) * x.Columns, x.Columns).CopyTo(place[(row * x.Stride)..]);
            _uploads.Send(place, Row(x, first));
        }
    }

    public override Span<float> HostRow(Tensor x, int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)x.Rows, nameof(row));
        if (x.Type != DType.F32) throw new ArgumentException("only F32 is read", nameof(x));
        _context.Use();
        _asked.Apply();
        HostRows? rows = OnHost(x);
        if (rows is null) _hostRows.Add(rows = new(x));
        return rows.Get(row, _context);
    }

    public override void Dispose()
    {
        _context.Use();
        _ = CudaDriver.cuCtxSynchronize(); // nothing that is destroyed is still used; a lost card has nothing to say
        _passes?.Dispose();
        _dense?.Dispose();
        _kernels.Dispose();
        _context.Dispose();
    }

    private HostRows? OnHost(Tensor x)
    {
        foreach (HostRows rows in _hostRows)
        {
            if (rows.Of(x)) return rows;
        }

        return null;
    }

    private static nint Row(Tensor x, int row) => x.Data + (nint)row * x.Stride * x.ElementBytes;
}
