using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Compiling;

namespace Folio.Compute.Cuda.Linear;

/// <summary>Folio's own products of a few rows, and look-ups, for each way in which weights are kept.</summary>
internal sealed class LinearKernels(KernelLibrary kernels)
{
    /// <summary>Rows for which reading the weights is all that counts.</summary>
    public const int MaxFewRows = FewRowsKernels.MaxRows;

    private readonly Dictionary<WeightFormat, Kernel> _embed = [];
    private readonly FewRowsKernels _fewRows = new(kernels);

    public Kernel Embed(WeightFormat format)
    {
        if (!_embed.TryGetValue(format, out Kernel? kernel)) _embed[format] = kernel = kernels.Get(new KernelSource("embed.cu", format.Definitions), "embed", threads: 256);
        return kernel;
    }

    public void FewRows(DType x, WeightFormat format, LinearArguments arguments) => _fewRows.Multiply(x, format, arguments);
}
