using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Interop;

namespace Folio.Compute.Cuda.Linear;

/// <summary>Products of dense 16-bit weights by cuBLASLt, for many rows. How one is made is asked once for each shape.</summary>
/// <remarks>
/// cuBLASLt sees matrices by columns: yᵀ [outputs, rows] = w [inputs, outputs] transposed · xᵀ [inputs, rows]. Which algorithm it chooses depends on the number of rows, so a row's bits
/// do, too.
/// </remarks>
internal sealed unsafe class DenseProducts : IDisposable
{
    private const int WorkspaceBytes = 32 << 20; // what NVIDIA recommends for Hopper

    private readonly CudaContext _context;
    private readonly Dictionary<Shape, Product> _products = [];
    private readonly nint _handle;
    private readonly nint _workspace;

    public DenseProducts(CudaContext context)
    {
        _context = context;
        context.Use();
        CublasLt.Check(CublasLt.cublasLtCreate(out _handle), "cublasLtCreate");
        _workspace = context.Allocate(WorkspaceBytes, "the workspace of cuBLASLt");
    }

    /// <param name="type">Of x and w: BF16 or F16.</param>
    public void Multiply(DType type, in LinearArguments arguments)
    {
        var shape = new Shape(type, arguments.Rows, arguments.Outputs, (int)arguments.W.Inputs, arguments.XStride, arguments.YStride, arguments.Bias != 0);
        if (!_products.TryGetValue(shape, out Product? product)) _products[shape] = product = Make(shape, arguments.Bias);
        if (shape.HasBias) CublasLt.Set(product.Description, CublasLt.BiasPointer, arguments.Bias);
        float alpha = 1, beta = arguments.Accumulate;
        CublasLt.Choice choice = product.Choice;
        CublasLt.Check(
            CublasLt.cublasLtMatmul(
                _handle, product.Description, &alpha, arguments.W.Codes, product.W, arguments.X, product.X, &beta, arguments.Y, product.Y, arguments.Y, product.Y,
                choice.Algorithm, _workspace, WorkspaceBytes, _context.Stream),
            "cublasLtMatmul");
    }

    public void Dispose()
    {
        foreach (Product product in _products.Values)
        {
            foreach (nint layout in (ReadOnlySpan<nint>)[product.W, product.X, product.Y]) _ = CublasLt.cublasLtMatrixLayoutDestroy(layout);
            _ = CublasLt.cublasLtMatmulDescDestroy(product.Description);
        }

        _ = CublasLt.cublasLtDestroy(_handle);
    }

    private Product Make(Shape shape, nint bias)
    {
        nint description = CublasLt.NewProduct();
        CublasLt.Set(description, CublasLt.TransposeA, CublasLt.Transposed);
        if (shape.HasBias)
        {
            CublasLt.Set(description, CublasLt.Epilogue, CublasLt.AddsBias);
            CublasLt.Set(description, CublasLt.BiasPointer, bias); // its alignment counts for the choice
        }

        nint w = CublasLt.NewLayout(shape.Type, shape.Inputs, shape.Outputs, shape.Inputs);
        nint x = CublasLt.NewLayout(shape.Type, shape.Inputs, shape.Rows, shape.XStride);
        nint y = CublasLt.NewLayout(DType.F32, shape.Outputs, shape.Rows, shape.YStride);
        CublasLt.Check(CublasLt.cublasLtMatmulPreferenceCreate(out nint preference), "cublasLtMatmulPreferenceCreate");
        ulong bytes = WorkspaceBytes;
        CublasLt.Check(CublasLt.cublasLtMatmulPreferenceSetAttribute(preference, CublasLt.WorkspaceBytes, &bytes, sizeof(ulong)), "cublasLtMatmulPreferenceSetAttribute");
        CublasLt.Choice choice;
        int status = CublasLt.cublasLtMatmulAlgoGetHeuristic(_handle, description, w, x, y, y, preference, 1, &choice, out int found);
        _ = CublasLt.cublasLtMatmulPreferenceDestroy(preference);
        if (status != 0 || found == 0) throw new CudaException($"cuBLASLt knows no product of [{shape.Rows}, {shape.Inputs}] and [{shape.Outputs}, {shape.Inputs}] {shape.Type} (status {status}).");
        return new(description, w, x, y, choice);
    }

    private readonly record struct Shape(DType Type, int Rows, int Outputs, int Inputs, int XStride, int YStride, bool HasBias);

    private sealed record Product(nint Description, nint W, nint X, nint Y, CublasLt.Choice Choice);
}
