namespace Folio.Compute.Cpu.Tests.Elementwise;

public sealed class ElementwiseTests
{
    // Φ(x) from tables of the normal distribution: Abramowitz and Stegun, table 26.1.
    private static readonly (float X, double Phi)[] NormalTable =
        [(0, 0.5), (0.5f, 0.691462461274013), (1, 0.841344746068543), (1.5f, 0.933192798731142), (2, 0.977249868051821), (3, 0.998650101968370)];

    [Theory]
    [InlineData(Activation.Relu)]
    [InlineData(Activation.Silu)]
    [InlineData(Activation.GeluTanh)]
    public void Activations_equal_their_formulas(Activation activation)
    {
        const int columns = 1003;
        using var backend = new CpuBackend(threads: 2);
        float[] x = Given.Values(7 * columns, 1, 4), up = Given.Values(7 * columns, 2);
        (x[0], x[1], x[2], x[3]) = (0, -200, 200, -0f);
        Tensor gate = backend.Buffer(x, columns, padding: 1), plain = backend.Allocate(7, columns);
        backend.Activate(activation, gate, plain);
        backend.ActivateGated(activation, gate, backend.Buffer(up, columns), gate);

        double[] expected = [.. x.Select(value => Reference(activation, value))];
        Given.Close(expected, backend.Read(plain), 1e-6);
        Given.Close([.. expected.Select((value, i) => value * up[i])], backend.Read(gate), 1e-6);
    }

    [Fact]
    public void Gelu_is_x_times_the_normal_distribution()
    {
        using var backend = new CpuBackend(threads: 1);
        float[] x = [.. NormalTable.SelectMany(entry => new[] { entry.X, -entry.X })];
        Tensor y = backend.Buffer(x, x.Length);
        backend.Activate(Activation.Gelu, y, y);
        Given.Close([.. NormalTable.SelectMany(entry => new[] { entry.X * entry.Phi, -entry.X * (1 - entry.Phi) })], backend.Read(y), 3e-7);
    }

    [Fact]
    public void Add_and_gather_move_whole_rows()
    {
        using var backend = new CpuBackend(threads: 2);
        float[] a = Given.Values(30 * 333, 1), b = Given.Values(30 * 333, 2);
        Tensor x = backend.Buffer(a, 333, padding: 2);
        backend.Add(x, backend.Buffer(b, 333));
        Tensor picked = backend.Allocate(3, 333);
        backend.GatherRows(x, (int[])[29, 0, 7], picked);

        foreach ((int target, int source) in (ReadOnlySpan<(int, int)>)[(0, 29), (1, 0), (2, 7)])
            Assert.Equal(a.Zip(b, (p, q) => p + q).Skip(source * 333).Take(333), backend.HostRow(picked, target).ToArray());
    }

    [Fact]
    public void Values_that_are_not_numbers_stay_visible()
    {
        using var backend = new CpuBackend(threads: 1);
        foreach (Activation activation in Enum.GetValues<Activation>())
        {
            Tensor x = backend.Buffer([float.NaN, 1, 2, 3, 4, 5, 6, 7, float.NaN], 9);
            backend.Activate(activation, x, x);
            Assert.True(float.IsNaN(backend.HostRow(x, 0)[0]) && float.IsNaN(backend.HostRow(x, 0)[8]));
        }
    }

    private static double Reference(Activation activation, double x) => activation switch
    {
        Activation.Relu => Math.Max(0, x),
        Activation.Silu => x / (1 + Math.Exp(-x)),
        _ => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
    };
}
