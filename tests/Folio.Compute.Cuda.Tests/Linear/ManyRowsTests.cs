using Folio.Compute.Cuda.Linear;

namespace Folio.Compute.Cuda.Tests.Linear;

/// <summary>Products by matrix instructions, emulated, beside sums in double over the stored weights as Folio.Compute reads them.</summary>
public sealed class ManyRowsTests
{
    private const int Outputs = 70, Rows = 67;

    [Theory]
    [InlineData(DType.F32, 96), InlineData(DType.BF16, 160), InlineData(DType.F16, 128), InlineData(DType.Q8_0, 288), InlineData(DType.Q4_0, 288), InlineData(DType.Q2_K, 256)]
    [InlineData(DType.Q3_K, 256), InlineData(DType.Q4_K, 256), InlineData(DType.Q5_K, 256), InlineData(DType.Q6_K, 256)]
    public void A_product_is_that_of_the_stored_weights_rounded_and_the_same_bits_for_any_number_of_rows(DType type, int inputs)
    {
        byte[] stored = StoredWeights.Random(type, Outputs * inputs);
        float[] weights = new float[Outputs * inputs];
        ushort[] x = [.. new ushort[Rows * inputs].Select((_, i) => (ushort)(BitConverter.SingleToUInt32Bits(MathF.Sin(i * 0.37f)) >> 16))];
        QuantizedBlocks.Dequantize(type, stored, weights);
        EmulatedManyRows kernels = Kernels(type, stored, inputs, Outputs, segments: 2);
        float[] all = kernels.Product(x, Rows, tileRows: 128);
        Assert.Equal(all[..Outputs], kernels.Product(x, rows: 1, tileRows: 16));
        for (int row = 0; row < Rows; row++)
        {
            for (int output = 0; output < Outputs; output++)
            {
                double sum = 0, size = 0;
                for (int k = 0; k < inputs; k++)
                {
                    double product = (double)weights[output * inputs + k] * BitConverter.UInt32BitsToSingle((uint)x[row * inputs + k] << 16);
                    (sum, size) = (sum + product, size + Math.Abs(product));
                }

                Assert.Equal(sum, all[row * Outputs + output], size * 3e-3); // bf16 keeps eight bits
            }
        }
    }

    [Theory]
    [InlineData(DType.BF16, 1), InlineData(DType.BF16, 2), InlineData(DType.BF16, 5), InlineData(DType.Q4_0, 3)]
    public void Segments_that_are_blocks_of_their_own_add_up_as_those_of_one_block_do(DType type, int segments)
    {
        const int inputs = 352, outputs = 140, rows = 34; // the last stage is part empty; two blocks of outputs, five tiles of rows
        var random = new Random(3);
        ushort[] x = [.. new ushort[rows * inputs].Select(_ => (ushort)(BitConverter.SingleToUInt32Bits(random.NextSingle() - 0.5f) >> 16))];
        byte[] stored = StoredWeights.Random(type, outputs * inputs);
        EmulatedManyRows kernels = Kernels(type, stored, inputs, outputs, segments);
        float[] together = kernels.Product(x, rows, tileRows: 128);
        Assert.Equal(together, kernels.Product(x, rows, tileRows: 64));
        Assert.Equal(together[..(3 * outputs)], kernels.Product(x, rows: 3, tileRows: 16));
        if (segments > 1) Assert.NotEqual(together, Kernels(type, stored, inputs, outputs, segments: 1).Product(x, rows, tileRows: 64)); // the order is seen in the bits
    }

    [Theory]
    [InlineData(16), InlineData(64), InlineData(128)]
    public void A_bias_and_what_was_there_are_added_to_the_whole_sum(int tileRows)
    {
        const int inputs = 160, outputs = 70, rows = 17;
        ushort[] x = [.. new ushort[rows * inputs].Select((_, i) => (ushort)(BitConverter.SingleToUInt32Bits(MathF.Sin(i * 0.37f)) >> 16))];
        EmulatedManyRows kernels = Kernels(DType.BF16, StoredWeights.Random(DType.BF16, outputs * inputs), inputs, outputs, segments: 2);
        float[] expected = [.. kernels.Product(x, rows, tileRows).Select((sum, i) => 1 + (sum + i % outputs))];
        Assert.Equal(expected, kernels.Product(x, rows, tileRows, adds: true));
    }

    /// <remarks>CUDA C++ Programming Guide, "Technical Specifications per Compute Capability": 8.6, 8.9 and 12.0 have 99 KiB of shared memory for a block of threads, others from 8.0 on have more.</remarks>
    [Theory]
    [InlineData(DType.F32), InlineData(DType.BF16), InlineData(DType.Q8_0), InlineData(DType.Q6_K), InlineData(DType.Q4_K), InlineData(DType.Q2_K)]
    public void Every_tile_fits_the_shared_memory_of_any_card_with_two_stages_or_more(DType type)
    {
        foreach (int rows in ManyRowsTile.AllRows)
        {
            var tile = new ManyRowsTile(rows, WeightFormat.Of(type));
            Assert.InRange(tile.SharedBytes, 1, 99 << 10);
            Assert.DoesNotContain(tile.Definitions(DType.BF16), definition => definition is "STAGES=0" or "STAGES=1");
        }
    }

    [Theory]
    [InlineData(4096, 4096), InlineData(6144, 4096), InlineData(28672, 4096), InlineData(4096, 14336), InlineData(128256, 4096), InlineData(1024, 3584), InlineData(64, 64)]
    public void Segments_depend_on_the_weight_alone_and_their_sums_have_room(int outputs, int inputs)
    {
        int segments = ManyRowsPlan.Of(1, outputs, inputs, multiprocessors: 132).Segments;
        Assert.InRange(segments, 1, Math.Max(1, inputs / 256));
        foreach (int multiprocessors in (int[])[16, 132])
        {
            for (int rows = 1; rows < 2000; rows += 7)
            {
                var plan = ManyRowsPlan.Of(rows, outputs, inputs, multiprocessors);
                Assert.Equal(segments, plan.Segments);
                Assert.InRange(rows, (plan.RowBlocks - 1) * plan.TileRows + 1, plan.RowBlocks * plan.TileRows);
                if (plan.TileRows <= 64 && segments > 1) Assert.InRange(plan.RowBlocks * plan.GridY, 1, ManyRowsPlan.MostSums);
            }
        }
    }

    [Fact]
    public void Products_of_an_8B_model_fill_an_H200_at_few_rows_and_at_many()
    {
        foreach ((int outputs, int inputs) in (ReadOnlySpan<(int, int)>)[(4096, 4096), (6144, 4096), (28672, 4096), (4096, 14336)])
        {
            Assert.InRange(ManyRowsPlan.Of(1, outputs, inputs, 132).GridY, 200, 264); // two blocks on each
            Assert.Equal(64, ManyRowsPlan.Of(33, outputs, inputs, 132).TileRows);
            Assert.Equal(128, ManyRowsPlan.Of(512, outputs, inputs, 132).TileRows);
        }

        Assert.Equal(new ManyRowsPlan(64, Segments: 8, RowBlocks: 2, OutputBlocks: 32), ManyRowsPlan.Of(128, 4096, 14336, 132)); // 32 tiles of 128 rows would leave a hundred multiprocessors idle
    }

    private static EmulatedManyRows Kernels(DType type, byte[] stored, int inputs, int outputs, int segments)
    {
        var format = WeightFormat.Of(type);
        byte[] codes = new byte[format.CodeBytes(outputs * inputs)];
        ushort[] groups = new ushort[format.GroupValues(outputs * inputs)];
        WeightPacker.Pack(type, format, stored, codes, groups);
        return new(format, codes, groups, inputs, outputs, segments);
    }
}
