using Folio.Compute.Cuda.Linear;
using Folio.Compute.Cuda.Tests.Emulation;

namespace Folio.Compute.Cuda.Tests.Linear;

/// <summary>Products of a few rows, emulated, beside sums in double over the stored weights as Folio.Compute reads them.</summary>
public sealed class FewRowsTests
{
    private const int Inputs = 768, Outputs = 13;

    [Theory]
    [InlineData(DType.F32), InlineData(DType.BF16), InlineData(DType.F16), InlineData(DType.Q8_0), InlineData(DType.Q4_0), InlineData(DType.Q4_1), InlineData(DType.Q5_0), InlineData(DType.Q5_1)]
    [InlineData(DType.Q2_K), InlineData(DType.Q3_K), InlineData(DType.Q4_K), InlineData(DType.Q5_K), InlineData(DType.Q6_K)]
    public void A_product_is_that_of_the_stored_weights_and_the_same_bits_for_any_number_of_rows(DType type)
    {
        byte[] stored = StoredWeights.Random(type, Outputs * Inputs);
        float[] weights = new float[Outputs * Inputs], x = [.. new float[3 * Inputs].Select((_, i) => MathF.Sin(i * 0.37f))];
        QuantizedBlocks.Dequantize(type, stored, weights);
        float[] three = Product(type, stored, x, rows: 3, most: 4), one = Product(type, stored, x, rows: 1, most: 1);
        Assert.Equal(one, three[..Outputs]);
        for (int row = 0; row < 3; row++)
        {
            for (int output = 0; output < Outputs; output++)
            {
                double sum = 0, size = 0;
                for (int k = 0; k < Inputs; k++)
                {
                    double product = (double)weights[output * Inputs + k] * x[row * Inputs + k];
                    (sum, size) = (sum + product, size + Math.Abs(product));
                }

                Assert.Equal(sum + output, three[row * Outputs + output], (size + 1) * 1e-3); // scales are kept in fp16
            }
        }
    }

    private static float[] Product(DType type, byte[] stored, float[] x, int rows, int most)
    {
        var format = WeightFormat.Of(type);
        using var codes = new GuardedBuffer<byte>((int)format.CodeBytes(Outputs * Inputs));
        using var groups = new GuardedBuffer<ushort>((int)format.GroupValues(Outputs * Inputs));
        WeightPacker.Pack(type, format, stored, codes.Span, groups.Span);
        using var input = new GuardedBuffer<float>(x.AsSpan(0, rows * Inputs));
        using var bias = new GuardedBuffer<float>([.. Enumerable.Range(0, Outputs).Select(output => output - 1f)]);
        using var y = new GuardedBuffer<float>(rows * Outputs);
        y.Span.Fill(1);
        EmulatedKernel.Of("few_rows.cu", ["X=float", $"ROWS={most}", "OUTPUTS=2", .. format.Definitions]).Launch("few_rows", new LinearArguments(
            input.Address, new(codes.Address, groups.Address, Inputs), bias.Address, y.Address, rows, Outputs, Inputs, Outputs, Accumulate: 1), (2, 1, 1), 128, 0);
        return y.Span.ToArray();
    }
}
