using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.EmulatedDriver.Tests.Models;
using Folio.Compute.Cuda.Tests.Emulation;
using Folio.Models.Tests;

namespace Folio.Compute.Cuda.EmulatedDriver.Tests;

/// <summary>Products of many rows by weights of fp8: of rows that are quantised too where cuBLASLt makes them, else of rows as they are. Beside plain loops.</summary>
public sealed unsafe class Float8ProductTests
{
    private const int Rows = 19, Inputs = 96;

    [Theory]
    [InlineData(48, 48)] // one scale for all outputs
    [InlineData(1040, 1)]
    public void Rows_are_quantised_and_both_scales_count(int outputs, int scaleRows)
    {
        var product = new Product(outputs, scaleRows, Inputs);
        float[] quantised = [.. product.X.Chunk(Inputs).SelectMany(Quantised)];
        float[] actual = product.Make(deterministic: false, maxTokens: Rows);
        double furthest = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            double expected = product.Expected(quantised, i), rounding = Math.ScaleB(Math.Abs(expected - product.Beside(i)), -8) + 1e-4;
            Assert.Equal(expected, actual[i], rounding);
            furthest = Math.Max(furthest, Math.Abs(actual[i] - product.Expected(product.X, i)) / rounding);
        }

        Assert.InRange(furthest, 2, double.MaxValue); // else nothing was quantised
    }

    [Theory]
    [InlineData(40, Inputs, false, Rows)]  // no multiple of 16 outputs
    [InlineData(48, 32, false, Rows)]      // scales of blocks
    [InlineData(48, Inputs, true, Rows)]
    [InlineData(48, Inputs, false, 0)]     // nothing reserved
    public void Rows_stay_as_they_are_where_cuBLASLt_cannot_or_must_not_make_the_product(int outputs, int scaleColumns, bool deterministic, int maxTokens)
    {
        var product = new Product(outputs, scaleRows: 1, scaleColumns);
        float[] actual = product.Make(deterministic, maxTokens);
        for (int i = 0; i < actual.Length; i++) Assert.Equal(product.Expected(product.X, i), actual[i], 3e-3 * product.Size(i)); // weights are rounded to bf16
    }

    [Fact]
    public void Rows_stay_as_they_are_on_a_card_that_does_not_multiply_fp8()
    {
        EmulatedCuda.Set("FOLIO_EMULATED_CAPABILITY", "80");
        try
        {
            Rows_stay_as_they_are_where_cuBLASLt_cannot_or_must_not_make_the_product(outputs: 48, Inputs, deterministic: false, Rows);
        }
        finally
        {
            EmulatedCuda.Set("FOLIO_EMULATED_CAPABILITY", null);
        }
    }

    private static float[] Quantised(float[] row)
    {
        float largest = row.Max(MathF.Abs);
        return [.. row.Select(value => Float8Rows.ToSingle(E4M3.Nearest(value * (448 / largest))) * (largest / 448))];
    }

    /// <summary>y [rows, outputs] = 3 + x · wᵀ + bias.</summary>
    private sealed class Product(int outputs, int scaleRows, int scaleColumns)
    {
        private const float Before = 3;
        private readonly byte[] _codes = [.. Enumerable.Range(0, outputs * Inputs).Select(i => (byte)(i * 89 % 127 | i % 2 << 7))];
        private readonly float[] _scales = [.. Enumerable.Range(0, (outputs + scaleRows - 1) / scaleRows * (Inputs / scaleColumns)).Select(i => 0.01f + i % 7 * 0.003f)];

        /// <summary>[rows, inputs], numbers of bf16.</summary>
        public float[] X { get; } = [.. Enumerable.Range(0, Rows * Inputs).Select(i => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(MathF.Sin(i * 0.37f) * (1 + i / Inputs)) & 0xFFFF0000))];

        public double Beside(int i) => Before + Bias(i % outputs);

        public double Expected(float[] x, int i) => Beside(i) + Terms(x, i).Sum();

        /// <summary>That rounding errors go by.</summary>
        public double Size(int i) => Terms(X, i).Sum(Math.Abs) + 1;

        public float[] Make(bool deterministic, int maxTokens)
        {
            using CudaBackend backend = CardRunner.Backend(DType.BF16, deterministic);
            fixed (byte* data = _codes)
            {
                Weight weight = backend.Pack(new WeightSource("w", DType.BF16, outputs, Inputs, 0, 2L * outputs * Inputs, Reader: new Float8Rows((nint)data, Inputs, _scales, scaleRows, scaleColumns)));
                CudaContext.Synchronize(backend.Context.Stream);
                if (maxTokens > 0) backend.ReserveAttention(maxTokens, maxSequences: 1, heads: 1, new KvCacheShape(1, 1, 16, 1, 16, DType.BF16));
                Tensor wide = backend.Allocate(Rows, Inputs), x = backend.Allocate(Rows, Inputs, DType.BF16), y = backend.Allocate(Rows, outputs);
                backend.Write(wide, X);
                backend.Convert(wide, x);
                backend.Write(y, [.. Enumerable.Repeat(Before, Rows * outputs)]);
                backend.Linear(x, weight, backend.Upload([.. Enumerable.Range(0, outputs).Select(Bias)]), y, accumulate: true);
                return [.. Enumerable.Range(0, Rows).SelectMany(row => backend.HostRow(y, row).ToArray())];
            }
        }

        private static float Bias(int output) => output % 5 - 2;

        private IEnumerable<double> Terms(float[] x, int i)
        {
            (int row, int output) = (i / outputs, i % outputs);
            for (int k = 0; k < Inputs; k++)
                yield return (double)x[row * Inputs + k] * Float8Rows.ToSingle(_codes[output * Inputs + k]) * _scales[output / scaleRows * (Inputs / scaleColumns) + k / scaleColumns];
        }
    }
}
