using Folio.Compute.Cuda.Linear;
using Folio.Compute.Cuda.Tests.Emulation;

namespace Folio.Compute.Cuda.Tests.Linear;

/// <summary>Weights of quantised checkpoints: fp8, and codes whose groups are larger than a block. Products, emulated, beside sums in double.</summary>
public sealed unsafe class ReadWeightsTests
{
    private const int Inputs = 384, Outputs = 13, Rows = 3;

    [Theory]
    [InlineData(384, 64, 64), InlineData(384, 192, 64), InlineData(384, 384, 128), InlineData(96, 96, 32), InlineData(384, 32, 32)]
    [InlineData(400, 400, 0), InlineData(384, 48, 0)]
    public void Fp8_is_kept_with_a_scale_for_as_many_inputs_as_the_card_can_share(int columns, int scaleColumns, int expected)
    {
        var format = WeightFormat.Of([new("up", DType.BF16, 8, columns, 0, 16 * columns, Reader: new Float8Rows(0, columns, [], 8, scaleColumns))]);
        Assert.Equal(expected == 0 ? WeightFormat.Of(DType.BF16) : new("grouped_fp8", 8, expected), format);
    }

    [Fact]
    public void Fp8_beside_other_weights_is_kept_as_bf16() => Assert.Equal(WeightFormat.Of(DType.BF16), WeightFormat.Of(
        [new("q", DType.BF16, 8, 64, 0, 1024, Reader: new Float8Rows(0, 64, [], 8, 64)), new("k", DType.BF16, 8, 64, 0, 1024)]));

    [Theory]
    [InlineData(DType.BF16), InlineData(DType.F16)]
    public void A_product_of_fp8_is_that_of_codes_and_scales(DType x)
    {
        byte[] stored = [.. Enumerable.Range(0, Outputs * Inputs).Select(i => (byte)(i * 89 % 127 | i % 2 << 7))];
        float[] scales = [.. Enumerable.Range(0, 3 * 2).Select(i => MathF.ScaleB(1 + i / 7f, -20 + 3 * i))]; // of 5 outputs and 192 inputs; some are below fp16's
        fixed (byte* data = stored)
        {
            var rows = new Float8Rows((nint)data, Inputs, scales, 5, 192);
            var format = WeightFormat.Of([new("up", DType.BF16, Outputs, Inputs, 0, 2 * Outputs * Inputs, Reader: rows)]);
            byte[] codes = new byte[format.CodeBytes(Outputs * Inputs)];
            ushort[] groups = new ushort[format.GroupValues(Outputs * Inputs)];
            for (int row = 0; row < Outputs; row++) WeightPacker.Pack(rows, row, format, codes.AsSpan(row * Inputs, Inputs), groups.AsSpan(row * groups.Length / Outputs, groups.Length / Outputs));
            Check(x, format, codes, groups, (output, input) => (double)Float8Rows.ToSingle(stored[output * Inputs + input]) * scales[output / 5 * 2 + input / 192]);
        }
    }

    [Theory]
    [InlineData(DType.Q4_1, 2), InlineData(DType.Q8_0, 1)]
    public void A_product_of_codes_in_large_groups_is_that_of_their_blocks(DType type, int numbers)
    {
        byte[] stored = StoredWeights.Random(type, Outputs * Inputs);
        int bytes = QuantizedBlocks.BlockBytes(type);
        for (int block = 0; block < stored.Length / bytes; block++) stored.AsSpan(block / 4 * 4 * bytes, numbers * 2).CopyTo(stored.AsSpan(block * bytes)); // four blocks have one scale, and one shift
        float[] weights = new float[Outputs * Inputs];
        QuantizedBlocks.Dequantize(type, stored, weights);

        var format = WeightFormat.Of(type) with { Group = 128 };
        byte[] codes = new byte[format.CodeBytes(Outputs * Inputs)];
        ushort[] groups = new ushort[format.GroupValues(Outputs * Inputs)];
        WeightPacker.Pack(type, format, stored, codes, groups);
        Assert.Equal(Outputs * Inputs / 128 * numbers, groups.Length);
        Check(DType.BF16, format, codes, groups, (output, input) => weights[output * Inputs + input]);
    }

    /// <remarks>Of many rows only in bf16: they round weights, and fp16 has no numbers for some of them.</remarks>
    private static void Check(DType xType, WeightFormat format, ReadOnlySpan<byte> codes, ReadOnlySpan<ushort> groups, Func<int, int, double> weight)
    {
        using var w = new GuardedBuffer<byte>(codes);
        using var g = new GuardedBuffer<ushort>(groups);
        bool isMany = xType == DType.BF16;
        using var input = new GuardedBuffer<ushort>([.. Enumerable.Range(0, Rows * Inputs).Select(i => Bits(MathF.Sin(i * 0.37f)))]);
        using var few = new GuardedBuffer<float>(Rows * Outputs);
        EmulatedKernel.Of("few_rows_mma.cu", [$"X={NumberNames.Of(xType)}", .. format.Definitions]).Launch(
            "few_rows_mma", new LinearArguments(input.Address, new(w.Address, g.Address, Inputs), 0, few.Address, Rows, Outputs, Inputs, Outputs, Accumulate: 0), (1, 1, 1), 256, FewRowsKernels.MatrixBlock(format).SharedBytes);
        float[] many = isMany ? new EmulatedManyRows(format, codes.ToArray(), groups.ToArray(), Inputs, Outputs, segments: 2).Product(input.Span, Rows, tileRows: 16) : [];
        for (int row = 0; row < Rows; row++)
        {
            for (int output = 0; output < Outputs; output++)
            {
                double sum = 0, size = 0;
                for (int k = 0; k < Inputs; k++)
                {
                    double product = weight(output, k) * Value(input.Span[row * Inputs + k]);
                    (sum, size) = (sum + product, size + Math.Abs(product));
                }

                Assert.Equal(sum, few.Span[row * Outputs + output], size * 1e-6);
                if (isMany) Assert.Equal(sum, many[row * Outputs + output], size * 3e-3); // bf16 keeps eight bits
            }
        }

        ushort Bits(float value) => isMany ? (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16) : BitConverter.HalfToUInt16Bits((Half)value);
        float Value(ushort bits) => isMany ? BitConverter.UInt32BitsToSingle((uint)bits << 16) : (float)BitConverter.UInt16BitsToHalf(bits);
    }
}
