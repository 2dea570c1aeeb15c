using System.Runtime.InteropServices;
using Folio.Compute;
using Folio.Compute.Cpu;
using Folio.Compute.Cuda;
using Folio.Compute.Cuda.Card;

namespace Folio.GpuBench;

/// <summary>The CPU's backend, exact, beside the card's: the same calls to both, and how far apart the results are.</summary>
internal sealed class BothBackends(Options options, bool deterministic = false) : IDisposable
{
    public CpuBackend Cpu { get; } = new(activations: CpuActivations.F32);

    public CudaBackend Card { get; } = NewCard(options, deterministic: deterministic);

    public static CudaBackend NewCard(Options options, DType? input = null, bool deterministic = false) =>
        new(new CudaOptions { Dtype = input, IsDeterministic = deterministic, KernelFolder = options.Kernels });

    public void Dispose()
    {
        Card.Dispose();
        Cpu.Dispose();
    }

    /// <summary>Checks that both backends make the same numbers of something.</summary>
    /// <param name="allowed">Of the largest difference, as a share of the root of the mean square of what the CPU has.</param>
    public void Compare(ResultLog log, string name, double allowed, Func<Backend, float[]> make)
    {
        float[] expected = make(Cpu), actual = make(Card);
        double meanSquare = expected.Select(value => (double)value * value).Average();
        log.Check(name, Difference(expected, actual) / Math.Sqrt(Math.Max(meanSquare, double.Epsilon)), allowed);
    }

    /// <summary>The largest; infinite where one of them is no number.</summary>
    public static double Difference(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        double largest = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double difference = Math.Abs(expected[i] - actual[i]);
            if (!(difference <= double.MaxValue)) return double.PositiveInfinity;
            largest = Math.Max(largest, difference);
        }

        return largest;
    }

    /// <summary>How many numbers have other bits.</summary>
    public static int DifferentBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        ReadOnlySpan<int> one = MemoryMarshal.Cast<float, int>(expected), other = MemoryMarshal.Cast<float, int>(actual);
        int count = 0;
        for (int i = 0; i < one.Length; i++) count += one[i] == other[i] ? 0 : 1;
        return count;
    }

    /// <summary>A buffer of a backend with these values, in the type that its products read.</summary>
    public static Tensor Of(Backend backend, float[] values, int rows, DType type = DType.F32)
    {
        int columns = values.Length / rows;
        Tensor x = backend.Allocate(rows, columns);
        backend.Write(x, values);
        if (type == DType.F32 || backend is CpuBackend) return x;
        Tensor narrow = backend.Allocate(rows, columns, type);
        backend.Convert(x, narrow);
        return narrow;
    }

    /// <summary>Room for results, in the type that the card's products read; the CPU has fp32 only.</summary>
    public static Tensor Room(Backend backend, int rows, int columns, DType type = DType.F32) => backend.Allocate(rows, columns, backend is CpuBackend ? DType.F32 : type);

    /// <returns>[rows, columns]</returns>
    public static float[] Read(Backend backend, Tensor x)
    {
        float[] values = new float[x.Rows * x.Columns];
        for (int row = 0; row < x.Rows; row++)
        {
            Span<float> to = values.AsSpan(row * x.Columns, x.Columns);
            if (x.Type == DType.F32) backend.HostRow(x, row).CopyTo(to);
            else ReadNarrow(((CudaBackend)backend).Context, x, row, to);
        }

        return values;
    }

    private static unsafe void ReadNarrow(CudaContext context, Tensor x, int row, Span<float> to)
    {
        byte[] bits = GC.AllocateUninitializedArray<byte>(x.Columns * sizeof(ushort), pinned: true);
        fixed (byte* data = bits) context.Download(data, x.Data + (nint)row * x.Stride * sizeof(ushort), bits.Length);
        CudaContext.Synchronize(context.Stream);
        QuantizedBlocks.Dequantize(x.Type, bits, to);
    }
}
