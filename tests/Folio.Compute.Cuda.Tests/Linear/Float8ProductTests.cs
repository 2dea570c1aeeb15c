using Folio.Compute.Cuda.Linear;
using Folio.Compute.Cuda.Tests.Emulation;

namespace Folio.Compute.Cuda.Tests.Linear;

/// <summary>What stands before and behind a library's product of fp8, emulated, beside plain loops.</summary>
public sealed class Float8ProductTests
{
    [Theory]
    [InlineData(1, 32), InlineData(3, 4128)]
    public void Rows_become_the_nearest_codes_under_a_scale_that_makes_their_largest_number_the_largest_code(int rows, int inputs)
    {
        int stride = inputs + 32;
        ushort[] x = [.. Enumerable.Range(0, rows * stride).Select(i => Bits(MathF.Sin(i * 0.37f) * MathF.Pow(2, i % 19 - 12)))];
        if (rows > 1) x.AsSpan(stride, inputs).Clear(); // a row of zeros
        using var from = new GuardedBuffer<ushort>(x);
        using var codes = new GuardedBuffer<byte>(rows * inputs);
        using var scales = new GuardedBuffer<float>(rows);
        EmulatedKernel.Of("fp8_products.cu", "X=bf16").Launch("quantize_rows", new QuantizeRowsArguments(from.Address, codes.Address, scales.Address, inputs, stride), (rows, 1, 1), 256, 128);
        for (int row = 0; row < rows; row++)
        {
            float[] values = [.. x.AsSpan(row * stride, inputs).ToArray().Select(Value)];
            float largest = values.Max(MathF.Abs);
            if (largest > 0) Assert.Equal(largest / 448, scales.Span[row]);
            for (int i = 0; i < inputs; i++) Assert.Equal(largest > 0 ? Nearest(values[i] * (448 / largest)) : (byte)0, codes.Span[row * inputs + i] & (largest > 0 ? 255 : 127));
        }
    }

    [Theory]
    [InlineData(5, 16, 0, true), InlineData(9, 1040, 1, false)]
    public void A_product_is_scaled_by_its_row_and_its_output(int rows, int outputs, int accumulate, bool hasBias)
    {
        int stride = outputs + 4;
        using var product = new GuardedBuffer<ushort>([.. Enumerable.Range(0, rows * outputs).Select(i => Bits(MathF.Sin(i * 0.7f) * 1e6f))]);
        using var rowScales = new GuardedBuffer<float>([.. Enumerable.Range(0, rows).Select(row => 0.001f * (row + 1))]);
        using var outputScales = new GuardedBuffer<float>([.. Enumerable.Range(0, outputs).Select(output => 0.01f / (output + 1))]);
        using var bias = new GuardedBuffer<float>([.. Enumerable.Range(0, outputs).Select(output => output - 3f)]);
        using var y = new GuardedBuffer<float>(rows * stride);
        y.Span.Fill(7);
        var arguments = new ScaleProductArguments(product.Address, rowScales.Address, outputScales.Address, hasBias ? bias.Address : 0, y.Address, rows, outputs, stride, accumulate);
        EmulatedKernel.Of("fp8_products.cu", "X=bf16").Launch("scale_product", arguments, ((outputs + 1023) / 1024, (rows + 3) / 4, 1), 256, 0);
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < stride; column++)
            {
                double expected = 7;
                if (column < outputs) expected = 7 * accumulate + (double)Value(product.Span[row * outputs + column]) * rowScales.Span[row] * outputScales.Span[column] + (hasBias ? bias.Span[column] : 0);
                Assert.Equal(expected, y.Span[row * stride + column], Math.Max(1, Math.Abs(expected)) * 1e-6);
            }
        }
    }

    /// <summary>By trying all codes: of two that are as near, the even one.</summary>
    private static byte Nearest(float value) => (byte)Enumerable.Range(0, 256).Where(code => (code & 127) != 127 && (code > 127) == float.IsNegative(value))
        .OrderBy(code => Math.Abs((double)Float8Rows.ToSingle((byte)code) - value)).ThenBy(code => code & 1).First();

    private static ushort Bits(float value) => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);

    private static float Value(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);
}
