using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Compiling;

namespace Folio.Compute.Cuda.Elementwise;

/// <summary>The kernels of elementwise.cu and norms.cu, for what they write.</summary>
internal sealed class ElementwiseKernels(KernelLibrary kernels)
{
    /// <summary>Threads of a block.</summary>
    public const int Threads = 256;

    private const int NormSharedBytes = 128;

    private readonly Kernel?[] _rmsNorm = new Kernel?[3], _layerNorm = new Kernel?[3], _activate = new Kernel?[3], _convert = new Kernel?[3]; // by type: F32, F16, BF16
    private Kernel? _rope, _add, _gatherRows;

    public Kernel Rope => _rope ??= Elementwise("rope", DType.F32);

    public Kernel Add => _add ??= Elementwise("add", DType.F32);

    public Kernel GatherRows => _gatherRows ??= Elementwise("gather_rows", DType.F32);

    public Kernel RmsNorm(DType y) => _rmsNorm[(int)y] ??= Norm("rms_norm", y);

    public Kernel LayerNorm(DType y) => _layerNorm[(int)y] ??= Norm("layer_norm", y);

    public Kernel Activate(DType y) => _activate[(int)y] ??= Elementwise("activate", y);

    public Kernel Convert(DType y) => _convert[(int)y] ??= Elementwise("convert", y);

    private Kernel Elementwise(string name, DType y) => kernels.Get(new KernelSource("elementwise.cu", $"Y={NumberNames.Of(y)}"), name, Threads);

    private Kernel Norm(string name, DType y) => kernels.Get(new KernelSource("norms.cu", $"Y={NumberNames.Of(y)}"), name, Threads, NormSharedBytes);
}
