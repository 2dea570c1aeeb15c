using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Compiling;

namespace Folio.Compute.Cuda.Linear;

/// <summary>Folio's own products, and look-ups, for each way in which weights are kept.</summary>
internal sealed class LinearKernels(KernelLibrary kernels)
{
    /// <summary>Rows for which reading the weights is all that counts.</summary>
    public const int MaxFewRows = FewRowsKernels.MaxRows;

    private const int ManyThreads = 128, ManyTile = 64, ManySharedBytes = 4 * ManyTile * 40 * sizeof(ushort);
    private readonly Dictionary<WeightFormat, Kernel> _embed = [];
    private readonly FewRowsKernels _fewRows = new(kernels);
    private readonly Dictionary<(DType X, WeightFormat Format), Kernel> _manyRows = [];

    public Kernel Embed(WeightFormat format)
    {
        if (!_embed.TryGetValue(format, out Kernel? kernel)) _embed[format] = kernel = kernels.Get(new KernelSource("embed.cu", format.Definitions), "embed", threads: 256);
        return kernel;
    }

    public void FewRows(DType x, WeightFormat format, LinearArguments arguments) => _fewRows.Multiply(x, format, arguments);

    public void ManyRows(DType x, WeightFormat format, LinearArguments arguments)
    {
        if (!_manyRows.TryGetValue((x, format), out Kernel? kernel))
        {
            var source = new KernelSource("many_rows.cu", [$"X={NumberNames.Of(x)}", .. format.Definitions]);
            _manyRows[(x, format)] = kernel = kernels.Get(source, "many_rows", ManyThreads, ManySharedBytes);
        }

        kernel.Launch(arguments, (arguments.Outputs + ManyTile - 1) / ManyTile, (arguments.Rows + ManyTile - 1) / ManyTile);
    }
}
