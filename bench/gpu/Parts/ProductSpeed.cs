using Folio.Compute;
using Folio.Compute.Cuda;
using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Compiling;
using Folio.Compute.Cuda.Linear;

namespace Folio.GpuBench;

/// <summary>A layer's products: of many rows by Folio's own kernel and by cuBLASLt, against the largest product; fp8 by fp8 too; of a few rows for each stored type, against the memory's bandwidth.</summary>
internal sealed unsafe class ProductSpeed : Part, IDisposable
{
    /// <summary>Matrices are read in turn that together are so large: several times what the card's L2 holds.</summary>
    private const long CycledBytes = 400 << 20;

    private readonly CudaContext _context = new(ordinal: 0);
    private readonly KernelLibrary _library;
    private readonly LinearKernels _kernels;
    private readonly ManyRows _manyRows;
    private readonly DenseProducts? _dense;
    private readonly CardClock _clock;
    private readonly ModelShape _shape;

    public ProductSpeed(Options options) : base(options)
    {
        _library = new KernelLibrary(_context, new KernelCache(options.Kernels));
        _kernels = new LinearKernels(_library);
        _manyRows = new ManyRows(_context, _library);
        _dense = DenseProducts.TryCreate(_context);
        _clock = new CardClock(options, _context);
        _shape = ModelShape.Of(options);
    }

    public override IEnumerable<Item> Items =>
    [
        .. Options.Size((DType[])[DType.BF16, DType.F16, DType.Q8_0, DType.Q6_K, DType.Q5_K, DType.Q4_K, DType.Q4_0, DType.Q3_K, DType.Q2_K], [DType.BF16]).Select(type => new Item($"few rows of {type}", log => MeasureFew(log, type))),
        .. Options.Size((DType[])[DType.BF16, DType.Q8_0, DType.Q4_K], [DType.Q4_0]).Select(type => new Item($"batches of {type}", log => MeasureBatches(log, type))),
        .. _shape.Products.Select(product => new Item(product.Name, log => MeasureMany(log, product))),
        .. _shape.Products.Select(product => new Item($"{product.Name}, fp8", log => MeasureFloat8(log, product))),
        new("many rows of quantised weights", MeasureQuantized),
    ];

    public void Dispose()
    {
        _clock.Dispose();
        _dense?.Dispose();
        _library.Dispose();
        _context.Dispose();
    }

    /// <exception cref="CudaException">cuBLASLt knows no such product: there would be nothing to measure.</exception>
    public static void Multiply(DenseProducts products, LinearArguments arguments)
    {
        if (!products.TryMultiply(DType.BF16, arguments)) throw new CudaException($"cuBLASLt knows no product of {arguments.Rows} rows and [{arguments.Outputs}, {arguments.W.Inputs}].");
    }

    private void MeasureFew(ResultLog log, DType type)
    {
        (int outputs, int inputs) = Options.Size((28672, 4096), (64, 64));
        MeasureReading(log, type, outputs, inputs, Options.Size((int[])[1, 2, 4, 8], [1, 4]), "", (weight, arguments) => _kernels.FewRows(DType.BF16, weight.Format, arguments));
    }

    /// <summary>By the kernel of many rows: what batches of quantised weights take, and any number of rows with --deterministic. The second matrix has few outputs, and is cut into segments.</summary>
    private void MeasureBatches(ResultLog log, DType type)
    {
        foreach ((int outputs, int inputs) in Options.Size(((int, int)[])[(28672, 4096), (4096, 14336)], [(64, 512)]))
            MeasureReading(log, type, outputs, inputs, Options.Size((int[])[1, 16, 32, 64, 128], [1, 20]), ", many_rows", (weight, arguments) => _manyRows.Multiply(DType.BF16, weight.Format, arguments));
    }

    private void MeasureReading(ResultLog log, DType type, int outputs, int inputs, int[] counts, string kernel, Action<CudaWeight, LinearArguments> multiply)
    {
        CudaWeight[] weights = Weights(type, outputs, inputs);
        nint x = RandomBuffer.Make(_context, counts[^1] * 2L * inputs), y = _context.Allocate(counts[^1] * 4L * outputs, "a product");
        double gigabytes = weights.Sum(weight => weight.Bytes) / 1e9;
        foreach (int rows in counts)
        {
            using var pass = new Recording(_context, () =>
            {
                foreach (CudaWeight weight in weights) multiply(weight, new(x, weight.OnCard, 0, y, rows, outputs, inputs, outputs, Accumulate: 0));
            });
            Samples seconds = _clock.Measure(pass.Launch, seconds: 0.2);
            log.Figure($"{rows} row{(rows == 1 ? "" : "s")} × {type} [{outputs}, {inputs}]{kernel}", seconds, gigabytes, "GB/s", result => result with { Rate = gigabytes / seconds.Median, Limit = Limits.Memory });
        }
    }

    private void MeasureMany(ResultLog log, (string Name, int Outputs, int Inputs) product)
    {
        CudaWeight weight = Weights(DType.BF16, product.Outputs, product.Inputs, once: true)[0];
        foreach (int rows in Options.Size((int[])[512, 2048, 8192], [70]))
        {
            string name = $"{product.Name} [{product.Outputs}, {product.Inputs}] × {rows} rows, bf16";
            LinearArguments arguments = Arguments(weight, rows);
            if (_dense is null) log.Missing($"{name}: cuBLASLt", "cuBLASLt isn't here");
            else Write($"{name}: cuBLASLt", _clock.Measure(() => Multiply(_dense, arguments), seconds: 0.3));
            Write($"{name}: own", _clock.Measure(() => _manyRows.Multiply(DType.BF16, weight.Format, arguments), seconds: 0.3));

            void Write(string title, Samples seconds) => WriteProduct(log, title, seconds, rows, weight);
        }
    }

    /// <summary>Rows that are quantised, multiplied and scaled; of that, cuBLASLt alone; and rows as they are.</summary>
    private void MeasureFloat8(ResultLog log, (string Name, int Outputs, int Inputs) product)
    {
        using var stored = new Float8Matrix(product.Outputs, product.Inputs);
        using var upload = new WeightUpload(_context);
        CudaWeight weight = upload.Pack([stored.Source]);
        int[] counts = Options.Size((int[])[256, 2048], [70]);
        var products = Float8Products.TryCreate(_context, _library, _dense);
        products?.Expect(weight);
        products?.Reserve(counts[^1]);
        foreach (int rows in counts)
        {
            string name = $"{product.Name} [{product.Outputs}, {product.Inputs}] × {rows} rows, fp8";
            LinearArguments arguments = Arguments(weight, rows);
            if (products is null || !products.TryMultiply(DType.BF16, weight, arguments))
            {
                log.Missing($"{name}: cuBLASLt", _dense is null ? "cuBLASLt isn't here" : "it, or the card, knows no such product");
            }
            else
            {
                WriteProduct(log, $"{name}: quantised, cuBLASLt, scaled", _clock.Measure(() => products.TryMultiply(DType.BF16, weight, arguments), seconds: 0.3), rows, weight);
                WriteProduct(log, $"{name}: cuBLASLt alone", _clock.Measure(() => _dense!.TryMultiply(DType.F8_E4M3, arguments), seconds: 0.3), rows, weight);
            }

            WriteProduct(log, $"{name}: own, of rows as they are", _clock.Measure(() => _manyRows.Multiply(DType.BF16, weight.Format, arguments), seconds: 0.3), rows, weight);
        }
    }

    private void MeasureQuantized(ResultLog log)
    {
        (int outputs, int inputs) = Options.Size((28672, 4096), (64, 64));
        int rows = Options.Size(2048, 70);
        foreach (DType type in Options.Size((DType[])[DType.Q8_0, DType.Q6_K, DType.Q4_K, DType.Q4_0], [DType.Q8_0]))
        {
            CudaWeight weight = Weights(type, outputs, inputs, once: true)[0];
            LinearArguments arguments = Arguments(weight, rows);
            WriteProduct(log, $"{type} [{outputs}, {inputs}] × {rows} rows: own", _clock.Measure(() => _manyRows.Multiply(DType.BF16, weight.Format, arguments), seconds: 0.3), rows, weight);
        }
    }

    private LinearArguments Arguments(CudaWeight weight, int rows)
    {
        long room = (rows + CudaBackend.RowBlock - 1) / CudaBackend.RowBlock * CudaBackend.RowBlock; // cuBLASLt is given so many rows
        return new(RandomBuffer.Make(_context, room * 2 * weight.Columns), weight.OnCard, 0, _context.Allocate(room * 4 * weight.Rows, "a product"), rows, weight.Rows, weight.Columns, weight.Rows, Accumulate: 0);
    }

    private static void WriteProduct(ResultLog log, string name, Samples seconds, int rows, CudaWeight weight)
    {
        double operations = 2.0 * rows * weight.Rows * weight.Columns / 1e12;
        log.Figure(name, seconds, operations, "TFLOP/s", result => result with { Rate = operations / seconds.Median, Limit = Limits.Products });
    }

    /// <summary>As many alike as a cycle takes.</summary>
    private CudaWeight[] Weights(DType type, int outputs, int inputs, bool once = false)
    {
        using var stored = new StoredMatrix(type, outputs, inputs);
        using var upload = new WeightUpload(_context);
        List<CudaWeight> weights = [upload.Pack([stored.Source])];
        long cycle = once || Options.Tiny ? 1 : CycledBytes;
        while (weights.Sum(weight => weight.Bytes) < cycle) weights.Add(upload.Pack([stored.Source]));
        return [.. weights];
    }
}
