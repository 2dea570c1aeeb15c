using System.Runtime.InteropServices;
using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.EmulatedDriver.Tests.Models;
using Folio.Compute.Cuda.Interop;
using Folio.Compute.Cuda.Linear;

namespace Folio.Compute.Cuda.EmulatedDriver.Tests;

/// <summary>Products by cuBLASLt, as Folio asks for them, beside sums in double over the rounded numbers.</summary>
public sealed unsafe class DenseProductTests : IDisposable
{
    private readonly CudaBackend _backend = CardRunner.Backend();

    public void Dispose() => _backend.Dispose();

    [Theory]
    [InlineData(DType.BF16, 9, 40, 96, 0)]
    [InlineData(DType.BF16, 70, 7, 32, 0)]
    [InlineData(DType.F16, 33, 24, 64, 32)]
    [InlineData(DType.F16, 20, 24, 64, 3)] // begins at a multiple of 4 bytes only
    public void A_product_is_added_with_its_bias_to_where_it_lies_and_nowhere_else(DType type, int rows, int outputs, int inputs, int firstColumn)
    {
        float[] x = Numbers(rows * inputs, type, 0.37f), w = Numbers(outputs * inputs, type, 0.71f), bias = Numbers(outputs, DType.F32, 0.13f);
        int columns = firstColumn + outputs + 5;
        Tensor y = _backend.Allocate(rows, columns);
        _backend.Write(y, [.. Enumerable.Range(0, rows * columns).Select(i => i % 8f)]);
        CudaWeight weight = Pack(type, outputs, inputs, w);
        var arguments = new LinearArguments(X(type, x, rows).Data, weight.OnCard, _backend.Upload(bias).Data, y.Slice(firstColumn, outputs).Data, rows, outputs, weight.Columns, y.Stride, Accumulate: 1);
        using (DenseProducts products = Make())
        {
            Assert.True(products.TryMultiply(type, arguments));
            Assert.True(products.TryMultiply(type, arguments with { Bias = 0 })); // of the same shape but for the bias
        }

        for (int row = 0; row < rows; row++)
        {
            float[] actual = _backend.HostRow(y, row).ToArray();
            for (int column = 0; column < columns; column++)
            {
                float before = (row * columns + column) % 8;
                int output = column - firstColumn;
                if (output < 0 || output >= outputs) Assert.Equal(before, actual[column]);
                else Assert.Equal(before + 2 * Sum(x, w, row, output, inputs) + bias[output], actual[column], 1e-4);
            }
        }
    }

    [Fact]
    public void A_recorded_product_reads_what_is_there_when_it_runs()
    {
        const int rows = 12, outputs = 16, inputs = 32;
        float[] w = Numbers(outputs * inputs, DType.BF16, 0.71f);
        Tensor x = X(DType.BF16, new float[rows * inputs], rows), y = _backend.Allocate(rows, outputs);
        CudaContext context = _backend.Context;
        using DenseProducts products = Make();
        var arguments = new LinearArguments(x.Data, Pack(DType.BF16, outputs, inputs, w).OnCard, 0, y.Data, rows, outputs, x.Stride, y.Stride, Accumulate: 0);
        Assert.True(products.TryMultiply(DType.BF16, arguments));
        CudaContext.Synchronize(context.Stream);
        Card.Check(CudaDriver.cuStreamBeginCapture(context.Stream, mode: 1));
        Assert.True(products.TryMultiply(DType.BF16, arguments));
        Card.Check(CudaDriver.cuStreamEndCapture(context.Stream, out nint graph));
        Card.Check(CudaDriver.cuGraphInstantiateWithFlags(out nint executable, graph, 0));

        float[] values = Numbers(rows * inputs, DType.BF16, 0.37f);
        _backend.Convert(X(DType.F32, values, rows), x);
        Card.Check(CudaDriver.cuGraphLaunch(executable, context.Stream));
        Assert.Equal(Sum(values, w, 11, 3, inputs), _backend.HostRow(y, 11)[3], 1e-4);
    }

    [Fact]
    public void Rows_that_products_are_rounded_up_to_must_be_there()
    {
        Tensor x = X(DType.BF16, new float[70 * 32], 70), y = _backend.Allocate(70, 16);
        CudaWeight weight = Pack(DType.BF16, 16, 32, new float[16 * 32]);
        using DenseProducts products = Make();
        Assert.True(products.TryMultiply(DType.BF16, new(x.Data + (nint)64 * x.Stride * 2, weight.OnCard, 0, y.Data, 65, 16, x.Stride, y.Stride, 0)));
        Assert.Equal(Status.IllegalAddress, CudaDriver.cuStreamSynchronize(_backend.Context.Stream));
        Assert.Contains("cublasLtMatmul is given B of 8192 bytes that reaches out of the card's memory", CudaDriver.Describe(Status.IllegalAddress));
    }

    private DenseProducts Make() => DenseProducts.TryCreate(_backend.Context)!;

    private Tensor X(DType type, float[] values, int rows)
    {
        Tensor x = _backend.Allocate(rows, values.Length / rows);
        _backend.Write(x, values);
        if (type == DType.F32) return x;
        Tensor narrow = _backend.Allocate(rows, values.Length / rows, type);
        _backend.Convert(x, narrow);
        return narrow;
    }

    private CudaWeight Pack(DType type, int outputs, int inputs, float[] values)
    {
        ushort[] stored = [.. values.Select(value => type == DType.F16 ? BitConverter.HalfToUInt16Bits((Half)value) : (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16))];
        fixed (ushort* data = stored)
        {
            var weight = (CudaWeight)_backend.Pack(new WeightSource("w", type, outputs, inputs, (nint)data, 2L * stored.Length));
            CudaContext.Synchronize(_backend.Context.Stream);
            return weight;
        }
    }

    /// <summary>Between -1 and 1; each is a number of the type.</summary>
    private static float[] Numbers(int count, DType type, float step) =>
        [.. Enumerable.Range(0, count).Select(i => MathF.Sin(i * step)).Select(value => type == DType.F16 ? (float)(Half)value : type == DType.BF16 ? BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value) & 0xFFFF0000) : value)];

    private static double Sum(float[] x, float[] w, int row, int output, int inputs) => Enumerable.Range(0, inputs).Sum(k => (double)x[row * inputs + k] * w[output * inputs + k]);
}
