namespace Folio.Compute.Cpu.Tests;

/// <summary>Inputs for kernels: seeded values, buffers that hold them.</summary>
internal static class Given
{
    /// <summary>About normal, mean 0, variance 1.</summary>
    public static float[] Values(int count, int seed, float scale = 1)
    {
        var random = new Random(seed);
        var values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = scale * (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        return values;
    }

    /// <summary>A buffer of these rows; <paramref name="padding"/> columns lie between them and <paramref name="shift"/> values before them.</summary>
    public static Tensor Buffer(this CpuBackend backend, float[] values, int columns, int padding = 0, int shift = 0)
    {
        int rows = values.Length / columns;
        Tensor x = backend.Allocate(rows, shift + columns + padding).Slice(shift, columns);
        backend.Write(x, values);
        return x;
    }

    public static float[] Read(this CpuBackend backend, Tensor x)
    {
        var values = new float[x.Rows * x.Columns];
        for (int row = 0; row < x.Rows; row++) backend.HostRow(x, row).CopyTo(values.AsSpan(row * x.Columns));
        return values;
    }

    public static void Close(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (!(Math.Abs(expected[i] - actual[i]) <= tolerance * Math.Max(1, Math.Abs(expected[i])))) Assert.Fail($"[{i}] is {actual[i]}; expected {expected[i]}");
        }
    }
}
