using System.Numerics;
using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Compiling;

namespace Folio.Compute.Cuda.Linear;

/// <summary>Products of few rows: few_rows_mma.cu, or few_rows.cu where x is fp32 or the weights are dense numbers of another type than x's.</summary>
internal sealed class FewRowsKernels(KernelLibrary kernels)
{
    /// <summary>Rows of a launch.</summary>
    public const int MaxRows = 8;

    private const int MatrixThreads = 256, PlainThreads = 128, OutputsOfWarp = 2;
    private readonly Dictionary<(DType X, WeightFormat Format), Kernel> _matrix = [];
    private readonly Dictionary<(DType X, WeightFormat Format, int Rows), Kernel> _plain = [];

    public static bool UsesMatrixInstructions(DType x, WeightFormat format) => x != DType.F32 && (!format.IsDense || format.Name == "dense_" + NumberNames.Of(x));

    /// <summary>Outputs and shared memory of a block of few_rows_mma.cu.</summary>
    public static (int Outputs, int SharedBytes) MatrixBlock(WeightFormat format)
    {
        const int warps = MatrixThreads / 32, stages = 3, stageBytes = 2048, depth = 128;
        int outputs = format.CodeBits == 4 ? 32 : 16, groups = format.IsDense ? 0 : depth / format.Group;
        return (outputs, warps * (stages * (stageBytes + outputs * groups * sizeof(int)) + outputs * MaxRows * sizeof(float)));
    }

    /// <summary>A row's bits are the same in a batch of any size.</summary>
    public void Multiply(DType x, WeightFormat format, LinearArguments arguments)
    {
        int xBytes = x == DType.F32 ? sizeof(float) : sizeof(ushort);
        for (int first = 0; first < arguments.Rows; first += MaxRows)
        {
            MultiplyFew(x, format, arguments with
            {
                X = arguments.X + (nint)first * arguments.XStride * xBytes,
                Y = arguments.Y + (nint)first * arguments.YStride * sizeof(float),
                Rows = Math.Min(MaxRows, arguments.Rows - first),
            });
        }
    }

    private void MultiplyFew(DType x, WeightFormat format, LinearArguments arguments)
    {
        if (UsesMatrixInstructions(x, format)) Matrix(x, format).Launch(arguments, Blocks(MatrixBlock(format).Outputs));
        else Plain(x, format, (int)BitOperations.RoundUpToPowerOf2((uint)arguments.Rows)).Launch(arguments, Blocks(OutputsOfWarp * PlainThreads / 32));

        int Blocks(int outputs) => (arguments.Outputs + outputs - 1) / outputs;
    }

    private Kernel Matrix(DType x, WeightFormat format)
    {
        if (!_matrix.TryGetValue((x, format), out Kernel? kernel))
        {
            var source = new KernelSource("few_rows_mma.cu", [$"X={NumberNames.Of(x)}", .. format.Definitions]);
            _matrix[(x, format)] = kernel = kernels.Get(source, "few_rows_mma", MatrixThreads, MatrixBlock(format).SharedBytes);
        }

        return kernel;
    }

    private Kernel Plain(DType x, WeightFormat format, int rows)
    {
        if (!_plain.TryGetValue((x, format, rows), out Kernel? kernel))
        {
            var source = new KernelSource("few_rows.cu", [$"X={NumberNames.Of(x)}", $"ROWS={rows}", $"OUTPUTS={OutputsOfWarp}", .. format.Definitions]);
            _plain[(x, format, rows)] = kernel = kernels.Get(source, "few_rows", PlainThreads);
        }

        return kernel;
    }
}
