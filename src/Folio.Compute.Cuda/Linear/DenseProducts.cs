using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Interop;

namespace Folio.Compute.Cuda.Linear;

/// <summary>Products of numbers as they are, by cuBLASLt, for many rows. How one is made is asked once for each shape.</summary>
/// <remarks>
/// cuBLASLt sees matrices by columns: yᵀ [outputs, rows] = w [inputs, outputs] transposed · xᵀ [inputs, rows]. Which algorithm it chooses depends on the number of rows, so a row's bits
/// do, too.
/// </remarks>
internal sealed unsafe class DenseProducts : IDisposable
{
    private const int WorkspaceBytes = 32 << 20; // what NVIDIA recommends for Hopper

    private readonly CudaContext _context;
    private readonly Dictionary<Shape, Product?> _products = []; // null: cuBLASLt knows none
    private readonly nint _handle;
    private readonly nint _workspace;

    private DenseProducts(CudaContext context, nint handle)
    {
        (_context, _handle) = (context, handle);
        _workspace = context.Allocate(WorkspaceBytes, "the workspace of cuBLASLt");
    }

    /// <returns>Null: the library isn't here, or doesn't go with the driver.</returns>
    public static DenseProducts? TryCreate(CudaContext context)
    {
        context.Use();
        return CublasLt.IsHere && CublasLt.cublasLtCreate(out nint handle) == 0 ? new(context, handle) : null;
    }

    /// <summary>Rows are rounded up, so that there are few shapes: what lies behind them in the buffers is scratch.</summary>
    /// <param name="type">Of x and w: BF16 or F16, whose products are fp32; or F8_E4M3, whose products are bf16 and have no bias.</param>
    /// <returns>False: cuBLASLt knows no such product.</returns>
    public bool TryMultiply(DType type, in LinearArguments arguments)
    {
        if (Find(type, arguments) is not { } product) return false;
        if (arguments.Bias != 0) CublasLt.Set(product.Description, CublasLt.BiasPointer, arguments.Bias);
        float alpha = 1, beta = arguments.Accumulate;
        CublasLt.Choice choice = product.Choice;
        CublasLt.Check(
            CublasLt.cublasLtMatmul(
                _handle, product.Description, &alpha, arguments.W.Codes, product.W, arguments.X, product.X, &beta, arguments.Y, product.Y, arguments.Y, product.Y,
                choice.Algorithm, _workspace, WorkspaceBytes, _context.Stream),
            "cublasLtMatmul");
        return true;
    }

    /// <summary>Whether cuBLASLt knows such a product.</summary>
    public bool Knows(DType type, in LinearArguments arguments) => Find(type, arguments) is not null;

    public void Dispose()
    {
        foreach (Product? product in _products.Values) product?.Dispose();
        _ = CublasLt.cublasLtDestroy(_handle);
    }

    private Product? Find(DType type, in LinearArguments arguments)
    {
        var shape = new Shape(type, RoundUp(arguments.Rows), arguments.Outputs, (int)arguments.W.Inputs, arguments.XStride, arguments.YStride, Alignment(arguments), arguments.Bias != 0);
        if (!_products.TryGetValue(shape, out Product? product)) _products[shape] = product = TryMake(shape, arguments.Bias);
        return product;
    }

    /// <summary>16, 32, and multiples of what buffers are rounded up to.</summary>
    private static int RoundUp(int rows) => rows <= 16 ? 16 : rows <= 32 ? 32 : (rows + CudaBackend.RowBlock - 1) / CudaBackend.RowBlock * CudaBackend.RowBlock;

    /// <summary>Bytes that all three addresses are a multiple of: queries, keys and values may begin anywhere in a row. The library gains nothing by more than 16.</summary>
    private static int Alignment(in LinearArguments arguments)
    {
        nint all = arguments.X | arguments.W.Codes | arguments.Y;
        return (int)Math.Min(16, all & -all);
    }

    private Product? TryMake(Shape shape, nint bias)
    {
        bool isFp8 = shape.Type == DType.F8_E4M3;
        nint description = CublasLt.NewProduct();
        CublasLt.Set(description, CublasLt.TransposeA, CublasLt.Transposed);
        if (isFp8) CublasLt.Set(description, CublasLt.FastSums, (byte)1);
        if (shape.HasBias)
        {
            CublasLt.Set(description, CublasLt.Epilogue, CublasLt.AddsBias);
            CublasLt.Set(description, CublasLt.BiasPointer, bias); // its alignment counts for the choice
        }

        nint w = CublasLt.NewLayout(shape.Type, shape.Inputs, shape.Outputs, shape.Inputs);
        nint x = CublasLt.NewLayout(shape.Type, shape.Inputs, shape.Rows, shape.XStride);
        nint y = CublasLt.NewLayout(isFp8 ? DType.BF16 : DType.F32, shape.Outputs, shape.Rows, shape.YStride);
        CublasLt.Check(CublasLt.cublasLtMatmulPreferenceCreate(out nint preference), "cublasLtMatmulPreferenceCreate");
        CublasLt.Prefer(preference, CublasLt.WorkspaceBytes, (ulong)WorkspaceBytes);
        for (int matrix = 0; matrix < 4; matrix++) CublasLt.Prefer(preference, CublasLt.Alignments + matrix, (uint)shape.Alignment);
        CublasLt.Choice choice;
        int status = CublasLt.cublasLtMatmulAlgoGetHeuristic(_handle, description, w, x, y, y, preference, 1, &choice, out int found);
        _ = CublasLt.cublasLtMatmulPreferenceDestroy(preference);
        var product = new Product(description, w, x, y, choice);
        if (status == 0 && found > 0) return product;
        product.Dispose();
        return null;
    }

    private readonly record struct Shape(DType Type, int Rows, int Outputs, int Inputs, int XStride, int YStride, int Alignment, bool HasBias);

    private sealed record Product(nint Description, nint W, nint X, nint Y, CublasLt.Choice Choice) : IDisposable
    {
        public void Dispose()
        {
            foreach (nint layout in (ReadOnlySpan<nint>)[W, X, Y]) _ = CublasLt.cublasLtMatrixLayoutDestroy(layout);
            _ = CublasLt.cublasLtMatmulDescDestroy(Description);
        }
    }
}
