using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Compiling;

namespace Folio.Compute.Cuda.Linear;

/// <summary>Products by matrix instructions, for every way in which weights are kept. A row's bits are the same in a batch of any size.</summary>
internal sealed class ManyRows
{
    private readonly CudaContext _context;
    private readonly KernelLibrary _library;
    private readonly Dictionary<(DType X, WeightFormat Format), Kernel[]> _kernels = []; // by ManyRowsTile.AllRows
    private readonly nint _sums;
    private readonly nint _arrived;

    public ManyRows(CudaContext context, KernelLibrary library)
    {
        (_context, _library) = (context, library);
        _sums = context.Allocate((long)ManyRowsPlan.MostSums * 64 * ManyRowsTile.Outputs * sizeof(float), "room for products' sums");
        _arrived = context.AllocateZeroed(ManyRowsPlan.MostSums * sizeof(int), "counts of products' segments");
    }

    /// <param name="x">BF16 or F16.</param>
    public void Multiply(DType x, WeightFormat format, LinearArguments arguments)
    {
        if (!_kernels.TryGetValue((x, format), out Kernel[]? kernels)) _kernels[(x, format)] = kernels = Load(x, format);
        var plan = ManyRowsPlan.Of(arguments.Rows, arguments.Outputs, arguments.W.Inputs, _context.Multiprocessors);
        kernels[ManyRowsTile.AllRows.IndexOf(plan.TileRows)].Launch(new ManyRowsArguments(arguments, _sums, _arrived, plan.Segments), plan.RowBlocks, plan.GridY);
    }

    /// <summary>All at once, when a pass that prepares for steps comes by: none is compiled later on.</summary>
    private Kernel[] Load(DType x, WeightFormat format)
    {
        var kernels = new Kernel[ManyRowsTile.AllRows.Length];
        for (int i = 0; i < kernels.Length; i++)
        {
            var tile = new ManyRowsTile(ManyRowsTile.AllRows[i], format);
            kernels[i] = _library.Get(new KernelSource("many_rows.cu", tile.Definitions(x)), "many_rows", tile.Threads, tile.SharedBytes);
        }

        return kernels;
    }
}
