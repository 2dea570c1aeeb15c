using System.Numerics;
using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Compiling;

namespace Folio.Compute.Cuda.Linear;

/// <summary>Folio's own products, and look-ups, for each way in which weights are kept.</summary>
internal sealed class LinearKernels(KernelLibrary kernels)
{
    /// <summary>Rows for which reading the weights is all that counts.</summary>
    public const int MaxFewRows = 8;

    private const int FewThreads = 128, FewOutputs = 2 * FewThreads / 32; // of a block
    private const int ManyThreads = 128, ManyTile = 64, ManySharedBytes = 4 * ManyTile * 40 * sizeof(ushort);
    private readonly Dictionary<WeightFormat, Kernel> _embed = [];
    private readonly Dictionary<(DType X, WeightFormat Format, int Rows), Kernel> _fewRows = [];
    private readonly Dictionary<(DType X, WeightFormat Format), Kernel> _manyRows = [];

    public Kernel Embed(WeightFormat format)
    {
        if (!_embed.TryGetValue(format, out Kernel? kernel)) _embed[format] = kernel = kernels.Get(new KernelSource("embed.cu", format.Definitions), "embed", threads: 256);
        return kernel;
    }

    /// <summary>A row's bits are the same in a batch of any size.</summary>
    public void FewRows(DType x, WeightFormat format, LinearArguments arguments)
    {
        int rows = arguments.Rows, xBytes = x == DType.F32 ? sizeof(float) : sizeof(ushort);
        for (int first = 0; first < rows; first += MaxFewRows)
        {
            int count = Math.Min(MaxFewRows, rows - first);
            LinearArguments part = arguments with
            {
                X = arguments.X + (nint)first * arguments.XStride * xBytes,
                Y = arguments.Y + (nint)first * arguments.YStride * sizeof(float),
                Rows = count,
            };
            FewRows(x, format, (int)BitOperations.RoundUpToPowerOf2((uint)count)).Launch(part, (arguments.Outputs + FewOutputs - 1) / FewOutputs);
        }
    }

    public void ManyRows(DType x, WeightFormat format, LinearArguments arguments)
    {
        if (!_manyRows.TryGetValue((x, format), out Kernel? kernel))
        {
            var source = new KernelSource("many_rows.cu", [$"X={NumberNames.Of(x)}", .. format.Definitions]);
            _manyRows[(x, format)] = kernel = kernels.Get(source, "many_rows", ManyThreads, ManySharedBytes);
        }

        kernel.Launch(arguments, (arguments.Outputs + ManyTile - 1) / ManyTile, (arguments.Rows + ManyTile - 1) / ManyTile);
    }

    private Kernel FewRows(DType x, WeightFormat format, int rows)
    {
        if (!_fewRows.TryGetValue((x, format, rows), out Kernel? kernel))
        {
            var source = new KernelSource("few_rows.cu", [$"X={NumberNames.Of(x)}", $"ROWS={rows}", "OUTPUTS=2", .. format.Definitions]);
            _fewRows[(x, format, rows)] = kernel = kernels.Get(source, "few_rows", FewThreads);
        }

        return kernel;
    }
}
