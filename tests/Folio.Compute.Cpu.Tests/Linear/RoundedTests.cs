using Folio.Compute.Cpu.Emit;
using Folio.Compute.Cpu.Linear;

namespace Folio.Compute.Cpu.Tests.Linear;

/// <summary>Products with activations rounded to int8.</summary>
public sealed class RoundedTests
{
    private static readonly int[] s_rows = [1, 2, 3, 4, 5, 6, 7, 11, 12, 16, 33, 64, 65, 100];

    public static TheoryData<DType> Types => [.. QuantizedBlocks.Types.Where(type => QuantizedBlocks.BlockSize(type) > 1)];

    /// <summary>Each row and 32 inputs are rounded to the nearest multiple of their largest magnitude / 127, and nothing else is.</summary>
    [Theory, MemberData(nameof(Types))]
    public void Products_are_those_of_the_rounded_activations(DType type)
    {
        const int rows = 5, outputs = 45, columns = 512;
        using var matrix = new StoredMatrix(type, outputs, columns, seed: 7);
        using var backend = new CpuBackend(2, activations: CpuActivations.Rounded);
        float[] x = Given.Values(rows * columns, seed: 2), rounded = Round(x);
        float[] y = Product(backend, matrix, x, rows);
        for (int row = 0; row < rows; row++)
        {
            for (int output = 0; output < outputs; output++)
            {
                double sum = 0, magnitude = 0;
                for (int k = 0; k < columns; k++) sum += (double)matrix.Values[output * columns + k] * rounded[row * columns + k];
                for (int k = 0; k < columns; k++) magnitude += Math.Abs((double)matrix.Values[output * columns + k] * rounded[row * columns + k]);
                Assert.InRange(y[row * outputs + output], sum - 2e-6 * magnitude, sum + 2e-6 * magnitude);
            }
        }
    }

    [Theory, MemberData(nameof(Types))]
    public void Every_level_row_count_and_number_of_threads_gives_the_same_bits(DType type)
    {
        foreach ((int outputs, int columns) in ((int, int)[])[(45, 512), (160, 2048)])
        {
            using var matrix = new StoredMatrix(type, outputs, columns, seed: outputs);
            float[] x = Given.Values(s_rows[^1] * columns, seed: 1);
            using var portable = new CpuBackend(1, CpuIsa.Portable, CpuActivations.Rounded);
            float[] expected = Product(portable, matrix, x, s_rows[^1]);
            foreach (CpuIsa level in Enum.GetValues<CpuIsa>())
            {
                foreach (int threads in (int[])[1, 3])
                {
                    using var backend = new CpuBackend(threads, level, CpuActivations.Rounded);
                    foreach (int rows in s_rows) Assert.Equal(expected[..(rows * outputs)], Product(backend, matrix, x.AsSpan(0, rows * columns), rows));
                }
            }
        }
    }

    /// <summary>Pairs of bf16 may be rounded otherwise on another processor or level; on one of them nothing else decides.</summary>
    [Theory, InlineData(DType.F32), InlineData(DType.F16), InlineData(DType.BF16)]
    public void Beside_weights_of_16_and_32_bits_every_row_count_and_number_of_threads_gives_the_same_bits(DType type)
    {
        const int outputs = 45, columns = 71;
        using var matrix = new StoredMatrix(type, outputs, columns, seed: 8);
        float[] x = Given.Values(s_rows[^1] * columns, seed: 3);
        foreach (CpuIsa level in Enum.GetValues<CpuIsa>().Where(level => level.IsSupported()))
        {
            using var alone = new CpuBackend(1, level, CpuActivations.Rounded);
            float[] expected = Product(alone, matrix, x, s_rows[^1]);
            foreach (int threads in (int[])[1, 3])
            {
                using var backend = new CpuBackend(threads, level, CpuActivations.Rounded);
                foreach (int rows in s_rows) Assert.Equal(expected[..(rows * outputs)], Product(backend, matrix, x.AsSpan(0, rows * columns), rows));
            }
        }
    }

    [Theory, MemberData(nameof(Types))]
    public void Kernels_are_emitted_at_every_level_of_this_processor_above_the_portable_one(DType type)
    {
        Assert.SkipUnless(ExecutableMemory.IsSupported && CpuIsas.Best > CpuIsa.Portable, "this processor or system has no level for which kernels are emitted");
        foreach (CpuIsa level in Enum.GetValues<CpuIsa>().Where(level => level > CpuIsa.Portable && level.IsSupported()))
        {
            using var memory = new ExecutableMemory();
            Assert.True(RoundedOps.For(type, level, memory, new(path: null))!.IsEmitted, $"{level}: not emitted, or other bits than the portable kernel's");
        }
    }

    [Theory, InlineData(DType.F32), InlineData(DType.F16), InlineData(DType.BF16)]
    public void Kernels_of_floats_are_emitted_at_every_level_of_this_processor_above_the_portable_one(DType type)
    {
        Assert.SkipUnless(ExecutableMemory.IsSupported && CpuIsas.Best > CpuIsa.Portable, "this processor or system has no level for which kernels are emitted");
        foreach (CpuIsa level in Enum.GetValues<CpuIsa>().Where(level => level > CpuIsa.Portable && level.IsSupported()))
        {
            using var memory = new ExecutableMemory();
            foreach (CpuActivations activations in Enum.GetValues<CpuActivations>()) Assert.NotNull(FloatOps.TryCreate(type, level, activations, memory));
        }
    }

    [Fact]
    public void Activations_are_rounded_by_default_only_where_kernels_are_emitted()
    {
        using CpuBackend portable = new(1, CpuIsa.Portable), best = new(1, CpuIsas.Best);
        Assert.Equal(CpuActivations.F32, portable.Activations);
        Assert.Equal(ExecutableMemory.IsSupported && CpuIsas.Best > CpuIsa.Portable ? CpuActivations.Rounded : CpuActivations.F32, best.Activations);
    }

    internal static float[] Product(CpuBackend backend, StoredMatrix matrix, ReadOnlySpan<float> x, int rows)
    {
        Weight weight = backend.Pack(matrix.Source);
        Tensor input = backend.Allocate(rows, weight.Columns), y = backend.Allocate(rows, weight.Rows);
        backend.Write(input, x);
        backend.Linear(input, weight, default, y);
        return backend.Read(y);
    }

    private static float[] Round(float[] x)
    {
        var rounded = new float[x.Length];
        for (int start = 0; start < x.Length; start += 32)
        {
            float scale = x[start..(start + 32)].Max(Math.Abs) / 127;
            for (int k = start; k < start + 32; k++) rounded[k] = scale * MathF.Round(x[k] / scale);
        }

        return rounded;
    }
}
