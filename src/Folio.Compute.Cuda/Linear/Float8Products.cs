using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Compiling;

namespace Folio.Compute.Cuda.Linear;

/// <summary>Products of many rows by weights of fp8 that have a scale for each output, or one for all: rows are quantised too, cuBLASLt multiplies the codes, and a kernel applies the scales.</summary>
/// <remarks>
/// A row has a scale of its own, so what it is rounded to depends on nothing else. cuBLASLt knows such scales from CUDA 12.9 on only, hence the kernel (fp8_products.cu). Between them products are bf16,
/// which rounds 16 times as finely as the codes. Sums are the fast ones of the matrix units, as in other engines: of somewhat less than fp32's precision.
/// Bound: cuBLASLt's, at twice the speed of 16 bits; beside that, the kernels' 3 bytes for each input and 6 or 10 for each output.
/// </remarks>
internal sealed class Float8Products
{
    private const int Threads = 256, OutputsOfBlock = 4 * Threads, RowsOfBlock = 4;

    /// <summary>Of a weight: heads of vocabularies are larger, whose few rows aren't worth the memory.</summary>
    private const int MostOutputs = 1 << 16;

    private readonly CudaContext _context;
    private readonly KernelLibrary _kernels;
    private readonly DenseProducts _products;
    private readonly Dictionary<DType, (Kernel Quantize, Kernel Scale)> _loaded = []; // by the type of rows
    private int _rows, _inputs, _outputs;
    private nint _codes;     // [rows, inputs]
    private nint _scales;    // [rows] fp32
    private nint _product;   // [rows, outputs] bf16

    private Float8Products(CudaContext context, KernelLibrary kernels, DenseProducts products) => (_context, _kernels, _products) = (context, kernels, products);

    /// <returns>Null: the card doesn't multiply fp8.</returns>
    public static Float8Products? TryCreate(CudaContext context, KernelLibrary kernels, DenseProducts? products) =>
        products is not null && context.Capability >= 89 ? new(context, kernels, products) : null;

    /// <summary>Says of a weight that it will be multiplied by.</summary>
    public void Expect(CudaWeight weight)
    {
        if (weight.OutputScales != 0 && weight.Rows <= MostOutputs) (_inputs, _outputs) = (Math.Max(_inputs, weight.Columns), Math.Max(_outputs, weight.Rows));
    }

    /// <summary>Takes the memory for products of so many rows by any of the expected weights.</summary>
    public void Reserve(int rows)
    {
        if (_outputs == 0) return;
        _rows = (rows + CudaBackend.RowBlock - 1) / CudaBackend.RowBlock * CudaBackend.RowBlock;
        _codes = _context.AllocateZeroed((long)_rows * _inputs, "quantised activations");
        _scales = _context.AllocateZeroed((long)_rows * sizeof(float), "quantised activations");
        _product = _context.AllocateZeroed((long)_rows * _outputs * sizeof(ushort), "products of quantised activations");
    }

    /// <param name="type">Of x: BF16 or F16.</param>
    /// <returns>False: such a product isn't made so.</returns>
    public bool TryMultiply(DType type, CudaWeight weight, in LinearArguments arguments)
    {
        (int rows, int inputs, int outputs) = (arguments.Rows, weight.Columns, weight.Rows);
        var codes = new LinearArguments(_codes, weight.OnCard, 0, _product, rows, outputs, inputs, outputs, Accumulate: 0);
        if (weight.OutputScales == 0 || rows > _rows || outputs > _outputs || outputs % 16 != 0 || inputs % 16 != 0 || (arguments.X | arguments.Y) % 16 != 0 || !_products.Knows(DType.F8_E4M3, codes)) return false;
        (Kernel quantize, Kernel scale) = KernelsFor(type);
        quantize.Launch(new QuantizeRowsArguments(arguments.X, _codes, _scales, inputs, arguments.XStride), rows);
        _products.TryMultiply(DType.F8_E4M3, codes);
        scale.Launch(
            new ScaleProductArguments(_product, _scales, weight.OutputScales, arguments.Bias, arguments.Y, rows, outputs, arguments.YStride, arguments.Accumulate),
            (outputs + OutputsOfBlock - 1) / OutputsOfBlock, (rows + RowsOfBlock - 1) / RowsOfBlock);
        return true;
    }

    private (Kernel Quantize, Kernel Scale) KernelsFor(DType type)
    {
        if (_loaded.TryGetValue(type, out (Kernel Quantize, Kernel Scale) kernels)) return kernels;
        var source = new KernelSource("fp8_products.cu", [$"X={NumberNames.Of(type)}"]);
        return _loaded[type] = (_kernels.Get(source, "quantize_rows", Threads, sharedBytes: 128), _kernels.Get(source, "scale_product", Threads));
    }
}
