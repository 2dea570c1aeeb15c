using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Compiling;

namespace Folio.Compute.Cuda.Elementwise;

/// <summary>The kernels of elementwise.cu and norms.cu, for what they write.</summary>
internal sealed class ElementwiseKernels(KernelLibrary kernels)
{
    /// <summary>Threads of a block.</summary>
    public const int Threads = 256;

    private const int NormSharedBytes = 128, MostNormThreads = 512;

    private readonly Dictionary<(string Name, DType Y, int Threads), Kernel> _norms = [];
    private readonly Kernel?[] _activate = new Kernel?[3], _convert = new Kernel?[3]; // by type: F32, F16, BF16
    private Kernel? _add, _gatherRows;

    public Kernel Add => _add ??= Elementwise("add", DType.F32);

    public Kernel GatherRows => _gatherRows ??= Elementwise("gather_rows", DType.F32);

    public Kernel RmsNorm(DType y, int columns) => Norm("rms_norm", y, columns);

    public Kernel LayerNorm(DType y, int columns) => Norm("layer_norm", y, columns);

    public Kernel Activate(DType y) => _activate[(int)y] ??= Elementwise("activate", y);

    public Kernel Convert(DType y) => _convert[(int)y] ??= Elementwise("convert", y);

    /// <summary>Threads of a block that has a norm of so many columns: four each, as far as threads go.</summary>
    public static int NormThreads(int columns) => Math.Clamp((columns + 127) / 128 * 32, 32, MostNormThreads);

    private Kernel Elementwise(string name, DType y) => kernels.Get(new KernelSource("elementwise.cu", $"Y={NumberNames.Of(y)}"), name, Threads);

    private Kernel Norm(string name, DType y, int columns)
    {
        int threads = NormThreads(columns);
        if (!_norms.TryGetValue((name, y, threads), out Kernel? kernel))
            _norms[(name, y, threads)] = kernel = kernels.Get(new KernelSource("norms.cu", $"Y={NumberNames.Of(y)}"), name, threads, NormSharedBytes);
        return kernel;
    }
}
