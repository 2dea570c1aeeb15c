namespace Folio.Compute.Cpu.Tests.Linear;

public sealed class LinearTests
{
    private static readonly CpuIsa[] s_levels = Enum.GetValues<CpuIsa>(); // those that the host lacks run in software

    public static TheoryData<DType> Types => [.. QuantizedBlocks.Types];

    /// <summary>The promise behind "one answer, however it was scheduled": row count, tiling, threads, vector width and stored form leave the bits alone.</summary>
    [Theory, MemberData(nameof(Types))]
    public void Every_output_is_one_chain_of_multiply_adds_over_k_at_every_level_and_row_count(DType type)
    {
        foreach ((int outputs, int columns) in Shapes(type))
        {
            using var matrix = new StoredMatrix(type, outputs, columns, seed: outputs + columns);
            float[] x = Values(100 * columns, seed: 1);
            float[] expected = Chains(matrix, x, 100);
            foreach (CpuIsa level in s_levels)
            {
                foreach (int threads in (int[])[1, 3])
                {
                    using var backend = new CpuBackend(threads, level, CpuActivations.F32);
                    Weight weight = backend.Pack(matrix.Source);
                    foreach (int rows in (int[])[1, 2, 3, 5, 6, 7, 16, 33, 64, 100])
                        Assert.Equal(expected.AsSpan(0, rows * outputs), Product(backend, weight, x.AsSpan(0, rows * columns)));
                }
            }
        }
    }

    [Theory, MemberData(nameof(Types))]
    public void Products_equal_a_plain_loop_in_double_precision(DType type)
    {
        const int rows = 7;
        foreach ((int outputs, int columns) in Shapes(type))
        {
            using var matrix = new StoredMatrix(type, outputs, columns, seed: 7);
            using var backend = new CpuBackend(activations: CpuActivations.F32);
            float[] x = Values(rows * columns, seed: 2);
            ReadOnlySpan<float> y = Product(backend, backend.Pack(matrix.Source), x);
            for (int row = 0; row < rows; row++)
            {
                for (int output = 0; output < outputs; output++)
                {
                    double sum = 0, magnitude = 0;
                    for (int k = 0; k < columns; k++) sum += (double)matrix.Values[output * columns + k] * x[row * columns + k];
                    for (int k = 0; k < columns; k++) magnitude += Math.Abs((double)matrix.Values[output * columns + k] * x[row * columns + k]);
                    Assert.InRange(y[row * outputs + output], sum - 1e-6 * magnitude, sum + 1e-6 * magnitude);
                }
            }
        }
    }

    [Theory, MemberData(nameof(Types))]
    public void Rows_of_a_table_are_its_dequantised_values(DType type)
    {
        foreach ((int outputs, int columns) in Shapes(type))
        {
            using var matrix = new StoredMatrix(type, outputs, columns, seed: 3);
            foreach (CpuIsa level in s_levels)
            {
                using var backend = new CpuBackend(2, level);
                Weight table = backend.Pack(matrix.Source);
                int[] ids = [0, outputs - 1, outputs / 2, 0];
                Tensor y = backend.Allocate(ids.Length, columns);
                backend.Embed(table, ids, y);
                for (int i = 0; i < ids.Length; i++) Assert.Equal(matrix.Values.AsSpan(ids[i] * columns, columns), backend.HostRow(y, i));

                backend.Embed(table, ids, y, accumulate: true);
                Assert.Equal(2 * matrix.Values[ids[1] * columns], backend.HostRow(y, 1)[0]);
            }
        }
    }

    [Fact]
    public void Bias_and_residual_are_added_after_the_sum()
    {
        const int rows = 5, outputs = 45, columns = 64;
        using var matrix = new StoredMatrix(DType.Q4_1, outputs, columns, seed: 4);
        using var backend = new CpuBackend(2, activations: CpuActivations.F32);
        float[] x = Values(rows * columns, seed: 5), bias = Values(outputs, seed: 6), residual = Values(rows * outputs, seed: 7);
        float[] sums = Chains(matrix, x, rows);
        Tensor input = backend.Allocate(rows, columns), output = backend.Allocate(rows, outputs);
        backend.Write(input, x);
        backend.Write(output, residual);
        backend.Linear(input, backend.Pack(matrix.Source), backend.Upload(bias), output, accumulate: true);

        for (int row = 0; row < rows; row++)
        {
            for (int i = 0; i < outputs; i++)
                Assert.Equal(sums[row * outputs + i] + bias[i] + residual[row * outputs + i], backend.HostRow(output, row)[i]);
        }
    }

    [Fact]
    public void Matrices_packed_together_are_one_product()
    {
        using StoredMatrix q = new(DType.Q8_0, 37, 64, seed: 8), k = new(DType.Q8_0, 5, 64, seed: 9), v = new(DType.Q8_0, 64, 64, seed: 10);
        using var backend = new CpuBackend(2, activations: CpuActivations.F32);
        float[] x = Values(2 * 64, seed: 11);
        ReadOnlySpan<float> y = Product(backend, backend.Pack(q.Source, k.Source, v.Source), x);
        for (int row = 0; row < 2; row++)
        {
            ReadOnlySpan<float> one = x.AsSpan(row * 64, 64);
            Assert.Equal([.. Chains(q, one, 1), .. Chains(k, one, 1), .. Chains(v, one, 1)], y.Slice(row * 106, 106));
        }
    }

    [Theory]
    [InlineData(DType.Q4_1), InlineData(DType.BF16)]
    public void Rows_that_are_made_while_they_are_packed_come_where_stored_ones_would(DType type)
    {
        using StoredMatrix q = new(type, 37, 64, seed: 17), k = new(type, 5, 64, seed: 18), v = new(type, 70, 64, seed: 19);
        using var backend = new CpuBackend(2, activations: CpuActivations.F32);
        float[] x = Values(2 * 64, seed: 20);
        Assert.Equal(Product(backend, backend.Pack(q.Source, k.Source, v.Source), x), Product(backend, backend.Pack(q.Made, k.Source, v.Made), x));
    }

    [Theory]
    [InlineData(DType.F32)]
    [InlineData(DType.F16)]
    [InlineData(DType.BF16)]
    public void Matrices_stored_the_other_way_round_give_the_same(DType type)
    {
        using var matrix = new StoredMatrix(type, 45, 67, seed: 12, transposed: true);
        using var backend = new CpuBackend(2, activations: CpuActivations.F32);
        float[] x = Values(4 * 67, seed: 13);
        Assert.Equal(Chains(matrix, x, 4), Product(backend, backend.Pack(matrix.Source), x));
    }

    [Fact]
    public void Views_into_wider_buffers_are_read_and_written_in_their_columns_only()
    {
        using var matrix = new StoredMatrix(DType.F32, 40, 33, seed: 14);
        using var backend = new CpuBackend(2, activations: CpuActivations.F32);
        float[] x = Values(6 * 33, seed: 15);
        Tensor wideInput = backend.Allocate(6, 50), wideOutput = backend.Allocate(6, 60);
        for (int row = 0; row < 6; row++) x.AsSpan(row * 33, 33).CopyTo(backend.HostRow(wideInput, row)[9..]);
        backend.Linear(wideInput.Slice(9, 33), backend.Pack(matrix.Source), default, wideOutput.Slice(7, 40));

        float[] expected = Chains(matrix, x, 6);
        for (int row = 0; row < 6; row++)
        {
            Assert.Equal([.. new float[7], .. expected.AsSpan(row * 40, 40), .. new float[13]], backend.HostRow(wideOutput, row));
        }
    }

    [Fact]
    public void Rows_that_are_not_whole_blocks_are_refused_by_name()
    {
        using var backend = new CpuBackend(1);
        var error = Assert.Throws<FolioException>(() => backend.Pack(new WeightSource("blk.0.ffn_up.weight", DType.Q4_K, 2, 300, 0, 0)));
        Assert.Equal("tensor 'blk.0.ffn_up.weight' has rows of 300 values; Q4_K is stored in blocks of 256.", error.Message);
    }

    [Fact]
    public void A_product_allocates_nothing()
    {
        using var matrix = new StoredMatrix(DType.Q8_0, 64, 64, seed: 16);
        using var backend = new CpuBackend(1);
        Weight weight = backend.Pack(matrix.Source);
        Tensor x = backend.Allocate(8, 64), y = backend.Allocate(8, 64);
        backend.Linear(x, weight, default, y);
        long before = GC.GetAllocatedBytesForCurrentThread();
        backend.Linear(x, weight, default, y);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    /// <summary>Odd numbers of outputs; of inputs, where the type allows, else odd numbers of blocks; more than one chunk of inputs.</summary>
    private static (int Outputs, int Columns)[] Shapes(DType type) => QuantizedBlocks.BlockSize(type) switch
    {
        1 => [(1, 1), (31, 7), (33, 131), (70, 300)],
        32 => [(1, 32), (33, 96), (70, 288)],
        _ => [(1, 256), (45, 768)],
    };

    private static float[] Values(int count, int seed)
    {
        var random = new Random(seed);
        var values = new float[count];
        for (int i = 0; i < count; i++) values[i] = 2 * random.NextSingle() - 1;
        return values;
    }

    private static ReadOnlySpan<float> Product(CpuBackend backend, Weight weight, ReadOnlySpan<float> x)
    {
        int rows = x.Length / weight.Columns;
        Tensor input = backend.Allocate(rows, weight.Columns), output = backend.Allocate(rows, weight.Rows);
        backend.Write(input, x);
        backend.Linear(input, weight, default, output);
        var y = new float[rows * weight.Rows];
        for (int row = 0; row < rows; row++) backend.HostRow(output, row).CopyTo(y.AsSpan(row * weight.Rows));
        return y;
    }

    /// <summary>The definition: for each output, sum = fma(w, x, sum) from zero over k ascending.</summary>
    private static float[] Chains(StoredMatrix w, ReadOnlySpan<float> x, int rows)
    {
        int outputs = w.Source.Rows, columns = w.Source.Columns;
        var y = new float[rows * outputs];
        for (int row = 0; row < rows; row++)
        {
            for (int output = 0; output < outputs; output++)
            {
                float sum = 0;
                for (int k = 0; k < columns; k++) sum = MathF.FusedMultiplyAdd(w.Values[output * columns + k], x[row * columns + k], sum);
                y[row * outputs + output] = sum;
            }
        }

        return y;
    }
}
