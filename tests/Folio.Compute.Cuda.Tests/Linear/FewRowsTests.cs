using Folio.Compute.Cuda.Linear;
using Folio.Compute.Cuda.Tests.Emulation;

namespace Folio.Compute.Cuda.Tests.Linear;

/// <summary>Products of a few rows, emulated, beside sums in double over the stored weights as Folio.Compute reads them.</summary>
public sealed class FewRowsTests
{
    private const int Outputs = 37, MostRows = 8;

    [Theory]
    [InlineData(DType.F32), InlineData(DType.BF16), InlineData(DType.F16), InlineData(DType.Q8_0), InlineData(DType.Q4_0), InlineData(DType.Q4_1), InlineData(DType.Q5_0), InlineData(DType.Q5_1)]
    [InlineData(DType.Q2_K), InlineData(DType.Q3_K), InlineData(DType.Q4_K), InlineData(DType.Q5_K), InlineData(DType.Q6_K)]
    public void A_product_is_that_of_the_stored_weights_and_the_same_bits_for_any_number_of_rows(DType type) => Check(type, DType.F32, inputs: 768, rows: 3);

    [Theory]
    [InlineData(DType.BF16, DType.BF16), InlineData(DType.F16, DType.F16), InlineData(DType.Q8_0, DType.BF16), InlineData(DType.Q8_0, DType.F16), InlineData(DType.Q4_0, DType.BF16), InlineData(DType.Q4_1, DType.F16)]
    [InlineData(DType.Q5_0, DType.BF16), InlineData(DType.Q5_1, DType.BF16), InlineData(DType.Q2_K, DType.BF16), InlineData(DType.Q3_K, DType.F16), InlineData(DType.Q4_K, DType.BF16), InlineData(DType.Q5_K, DType.F16)]
    [InlineData(DType.Q6_K, DType.BF16), InlineData(DType.F32, DType.BF16), InlineData(DType.F16, DType.BF16)]
    public void A_product_of_16_bit_rows_is_that_of_the_stored_weights_and_the_same_bits_for_any_number_of_rows(DType type, DType x) => Check(type, x, inputs: 1280, rows: 8);

    /// <remarks>Less than a warp's stretch, one warp's, and all warps' rings gone round, with an end in the midst of a stretch. Rows of scales that begin in the midst of a word.</remarks>
    [Theory]
    [InlineData(DType.BF16, 32), InlineData(DType.BF16, 96), InlineData(DType.BF16, 2080), InlineData(DType.Q8_0, 32), InlineData(DType.Q8_0, 4192), InlineData(DType.Q4_0, 96), InlineData(DType.Q4_0, 4192)]
    public void Rows_of_any_length_are_summed_to_their_end(DType type, int inputs) => Check(type, DType.BF16, inputs, rows: 5);

    private static void Check(DType type, DType xType, int inputs, int rows)
    {
        byte[] stored = StoredWeights.Random(type, Outputs * inputs);
        float[] weights = new float[Outputs * inputs], x = [.. new float[MostRows * inputs].Select((_, i) => Rounded(MathF.Sin(i * 0.37f), xType))];
        QuantizedBlocks.Dequantize(type, stored, weights);
        float[] all = Product(type, stored, xType, x, inputs, rows), one = Product(type, stored, xType, x, inputs, rows: 1);
        Assert.Equal(one, all[..Outputs]);
        if (rows > 4) Assert.Equal(all[..(3 * Outputs)], Product(type, stored, xType, x, inputs, rows: 3));
        for (int row = 0; row < rows; row++)
        {
            for (int output = 0; output < Outputs; output++)
            {
                double sum = 0, size = 0;
                for (int k = 0; k < inputs; k++)
                {
                    double product = (double)weights[output * inputs + k] * x[row * inputs + k];
                    (sum, size) = (sum + product, size + Math.Abs(product));
                }

                Assert.Equal(sum + output, all[row * Outputs + output], QuantizedBlocks.BlockSize(type) > 1 ? (size + 1) * 1e-3 : (size + Outputs) * 1e-6); // scales are kept in fp16
            }
        }
    }

    private static float[] Product(DType type, byte[] stored, DType xType, float[] x, int inputs, int rows)
    {
        var format = WeightFormat.Of(type);
        using var codes = new GuardedBuffer<byte>((int)format.CodeBytes(Outputs * inputs));
        using var groups = new GuardedBuffer<ushort>((int)format.GroupValues(Outputs * inputs));
        WeightPacker.Pack(type, format, stored, codes.Span, groups.Span);
        using var input = new GuardedBuffer<byte>([.. x[..(rows * inputs)].SelectMany(value => Bytes(value, xType))]);
        using var bias = new GuardedBuffer<float>([.. Enumerable.Range(0, Outputs).Select(output => output - 1f)]);
        using var y = new GuardedBuffer<float>(rows * Outputs);
        y.Span.Fill(1);
        var arguments = new LinearArguments(input.Address, new(codes.Address, groups.Address, inputs), bias.Address, y.Address, rows, Outputs, inputs, Outputs, Accumulate: 1);
        string typed = $"X={NumberNames.Of(xType)}";
        if (FewRowsKernels.UsesMatrixInstructions(xType, format))
        {
            (int outputs, int shared) = FewRowsKernels.MatrixBlock(format);
            EmulatedKernel.Of("few_rows_mma.cu", [typed, .. format.Definitions]).Launch("few_rows_mma", arguments, ((Outputs + outputs - 1) / outputs, 1, 1), 256, shared);
        }
        else
        {
            EmulatedKernel.Of("few_rows.cu", [typed, $"ROWS={(rows > 4 ? 8 : rows > 1 ? 4 : 1)}", "OUTPUTS=2", .. format.Definitions]).Launch("few_rows", arguments, ((Outputs + 7) / 8, 1, 1), 128, 0);
        }

        return y.Span.ToArray();
    }

    private static float Rounded(float value, DType type) => type switch
    {
        DType.F16 => (float)(Half)value,
        DType.BF16 => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value) & 0xFFFF0000),
        _ => value,
    };

    private static byte[] Bytes(float value, DType type) => type switch
    {
        DType.F16 => BitConverter.GetBytes((Half)value),
        DType.BF16 => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(value) >> 16)),
        _ => BitConverter.GetBytes(value),
    };
}
