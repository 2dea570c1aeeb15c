using Folio.Compute.Cuda.Linear;
using Folio.Compute.Cuda.Tests.Emulation;

namespace Folio.Compute.Cuda.Tests.Linear;

/// <summary>Products by matrix instructions, emulated, beside sums in double over the stored weights as Folio.Compute reads them.</summary>
public sealed class ManyRowsTests
{
    private const int Inputs = 256, Outputs = 70, Rows = 67;

    [Theory]
    [InlineData(DType.BF16), InlineData(DType.F16), InlineData(DType.Q8_0), InlineData(DType.Q4_0), InlineData(DType.Q2_K), InlineData(DType.Q3_K), InlineData(DType.Q4_K), InlineData(DType.Q5_K), InlineData(DType.Q6_K)]
    public void A_product_is_that_of_the_stored_weights_rounded_and_the_same_bits_for_any_number_of_rows(DType type)
    {
        byte[] stored = StoredWeights.Random(type, Outputs * Inputs);
        float[] weights = new float[Outputs * Inputs];
        ushort[] x = [.. new ushort[Rows * Inputs].Select((_, i) => (ushort)(BitConverter.SingleToUInt32Bits(MathF.Sin(i * 0.37f)) >> 16))];
        QuantizedBlocks.Dequantize(type, stored, weights);
        float[] all = Product(type, stored, x, Rows), one = Product(type, stored, x, 1);
        Assert.Equal(one, all[..Outputs]);
        for (int row = 0; row < Rows; row++)
        {
            for (int output = 0; output < Outputs; output++)
            {
                double sum = 0, size = 0;
                for (int k = 0; k < Inputs; k++)
                {
                    double product = (double)weights[output * Inputs + k] * BitConverter.UInt32BitsToSingle((uint)x[row * Inputs + k] << 16);
                    (sum, size) = (sum + product, size + Math.Abs(product));
                }

                Assert.Equal(sum + 1 + output, all[row * Outputs + output], (size + 1) * 3e-3); // bf16 keeps eight bits
            }
        }
    }

    private static float[] Product(DType type, byte[] stored, ushort[] x, int rows)
    {
        var format = WeightFormat.Of(type);
        using var codes = new GuardedBuffer<byte>((int)format.CodeBytes(Outputs * Inputs));
        using var groups = new GuardedBuffer<ushort>((int)format.GroupValues(Outputs * Inputs));
        WeightPacker.Pack(type, format, stored, codes.Span, groups.Span);
        using var input = new GuardedBuffer<ushort>(x.AsSpan(0, rows * Inputs));
        using var bias = new GuardedBuffer<float>([.. Enumerable.Range(0, Outputs).Select(output => (float)output)]);
        using var y = new GuardedBuffer<float>(rows * Outputs);
        y.Span.Fill(1);
        EmulatedKernel.Of("many_rows.cu", ["X=bf16", .. format.Definitions]).Launch("many_rows", new LinearArguments(
            input.Address, new(codes.Address, groups.Address, Inputs), bias.Address, y.Address, rows, Outputs, Inputs, Outputs, Accumulate: 1), (2, (rows + 63) / 64, 1), 128, 4 * 64 * 40 * sizeof(ushort));
        return y.Span.ToArray();
    }
}
