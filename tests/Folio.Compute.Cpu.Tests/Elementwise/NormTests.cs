namespace Folio.Compute.Cpu.Tests.Elementwise;

public sealed class NormTests
{
    [Theory]
    [InlineData(1, 576, 1)]
    [InlineData(5, 64, 9)]     // heads of a query-key norm
    [InlineData(3, 80, 4)]
    [InlineData(2, 7, 3)]
    [InlineData(4, 1, 1)]
    [InlineData(2, 4099, 1)]
    public void Rms_norm_equals_the_plain_formula_in_each_group(int rows, int group, int groups)
    {
        using var backend = new CpuBackend(threads: 2);
        float[] x = Given.Values(rows * group * groups, 1), weight = Given.Values(group, 2);
        Tensor y = backend.Allocate(rows, group * groups);
        backend.RmsNorm(backend.Buffer(x, group * groups, padding: 3, shift: 1), backend.Upload(weight), 1e-5f, y);

        var expected = new double[x.Length];
        for (int start = 0; start < x.Length; start += group)
        {
            double squares = 0;
            for (int i = 0; i < group; i++) squares += (double)x[start + i] * x[start + i];
            for (int i = 0; i < group; i++) expected[start + i] = x[start + i] / Math.Sqrt(squares / group + 1e-5) * weight[i];
        }

        Given.Close(expected, backend.Read(y), 2e-6);
    }

    [Theory]
    [InlineData(3, 768, true, true)]
    [InlineData(3, 768, false, false)]
    [InlineData(2, 37, true, false)]
    [InlineData(2, 5, false, true)]
    public void Layer_norm_equals_the_plain_formula(int rows, int columns, bool hasWeight, bool hasBias)
    {
        using var backend = new CpuBackend(threads: 2);
        float[] x = Given.Values(rows * columns, 1), weight = Given.Values(columns, 2), bias = Given.Values(columns, 3);
        for (int i = 0; i < x.Length; i++) x[i] += 20; // a mean that squares would drown in
        Tensor y = backend.Buffer(x, columns, padding: 5);
        backend.LayerNorm(y, hasWeight ? backend.Upload(weight) : default, hasBias ? backend.Upload(bias) : default, 1e-5f, y);

        var expected = new double[x.Length];
        for (int start = 0; start < x.Length; start += columns)
        {
            double mean = 0, variance = 0;
            for (int i = 0; i < columns; i++) mean += x[start + i] / (double)columns;
            for (int i = 0; i < columns; i++) variance += (x[start + i] - mean) * (x[start + i] - mean) / columns;
            for (int i = 0; i < columns; i++)
                expected[start + i] = (x[start + i] - mean) / Math.Sqrt(variance + 1e-5) * (hasWeight ? weight[i] : 1) + (hasBias ? bias[i] : 0);
        }

        Given.Close(expected, backend.Read(y), 1e-5);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_row_has_the_same_bits_alone_and_among_others(int threads)
    {
        using var backend = new CpuBackend(threads);
        const int rows = 40, columns = 577;
        float[] x = Given.Values(rows * columns, 1);
        Tensor weight = backend.Upload(Given.Values(columns, 2)), all = backend.Buffer(x, columns), normed = backend.Buffer(x, columns);
        backend.RmsNorm(all, weight, 1e-6f, all);
        backend.LayerNorm(normed, weight, default, 1e-6f, normed);
        for (int row = 0; row < rows; row += 7)
        {
            float[] own = x[(row * columns)..((row + 1) * columns)];
            Tensor alone = backend.Buffer(own, columns, shift: row % 5), y = backend.Allocate(1, columns);
            backend.RmsNorm(alone, weight, 1e-6f, y);
            Assert.Equal(backend.HostRow(y, 0), backend.HostRow(all, row));
            backend.LayerNorm(alone, weight, default, 1e-6f, y);
            Assert.Equal(backend.HostRow(y, 0), backend.HostRow(normed, row));
        }
    }
}
