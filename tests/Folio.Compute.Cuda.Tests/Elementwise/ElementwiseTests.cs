using Folio.Compute.Cpu;
using Folio.Compute.Cuda.Attention;
using Folio.Compute.Cuda.Elementwise;
using Folio.Compute.Cuda.Tests.Emulation;

namespace Folio.Compute.Cuda.Tests.Elementwise;

/// <summary>What is done value by value and row by row, emulated, beside the CPU's.</summary>
public sealed class ElementwiseTests : IDisposable
{
    private const int Rows = 3, Columns = 96, Stride = 100;
    private readonly CpuBackend _cpu = new(threads: 1);

    private static EmulatedKernel Kernel => EmulatedKernel.Of("elementwise.cu", "Y=float");

    private static EmulatedKernel Norms => EmulatedKernel.Of("norms.cu", "Y=float");

    public void Dispose() => _cpu.Dispose();

    [Theory]
    [InlineData(96), InlineData(32)]
    public void Rms_norm_of_rows_or_heads(int group)
    {
        float[] x = Values(1), weight = Values(3)[..group];
        Tensor expected = OnCpu(x);
        _cpu.RmsNorm(expected, _cpu.Upload(weight), 1e-5f, expected);

        using GuardedBuffer<float> a = new(x), w = new(weight), y = new(Rows * Stride);
        Norms.Launch("rms_norm", new RmsNormArguments(a.Address, w.Address, y.Address, group, Columns / group, Stride, Stride, 1e-5f), (Rows * Columns / group, 1, 1), 256, 128);
        Close(Read(expected), y.Span);
    }

    [Fact]
    public void Layer_norm()
    {
        float[] x = Values(1), weight = Values(2)[..Columns], bias = Values(3)[..Columns];
        Tensor expected = OnCpu(x);
        _cpu.LayerNorm(expected, _cpu.Upload(weight), _cpu.Upload(bias), 1e-5f, expected);
        using GuardedBuffer<float> a = new(x), w = new(weight), b = new(bias), y = new(Rows * Stride);
        Norms.Launch("layer_norm", new LayerNormArguments(a.Address, w.Address, b.Address, y.Address, Columns, Stride, Stride, 1e-5f), (Rows, 1, 1), 256, 128);
        Close(Read(expected), y.Span);
    }

    [Theory]
    [InlineData(RopeStyle.Halves), InlineData(RopeStyle.Interleaved)]
    public void Rope_turns_the_first_channels_of_each_head(RopeStyle style)
    {
        const int headDim = 32, half = 12;
        float[] x = Values(1), angles = Values(2)[..(Rows * half)];
        float[] cosines = [.. angles.Select(MathF.Cos)], sines = [.. angles.Select(MathF.Sin)];
        Tensor expected = OnCpu(x);
        int[] positions = [2, 0, 2];
        _cpu.Rope(expected, headDim, new(Packed(cosines, half), Packed(sines, half), style, IsByPosition: true), positions);
        using GuardedBuffer<float> a = new(x), c = new(cosines), s = new(sines);
        using var rows = new GuardedBuffer<int>(positions);
        Kernel.Launch("rope", new RopeArguments(a.Address, c.Address, s.Address, rows.Address, Columns / headDim, headDim, half, half, Stride, style == RopeStyle.Interleaved ? 1 : 0), (Rows, 1, 1), 64, 0);
        Close(Read(expected), a.Span);
    }

    [Theory]
    [InlineData(Activation.Relu, false), InlineData(Activation.Silu, true), InlineData(Activation.Gelu, false), InlineData(Activation.GeluTanh, true)]
    public void Activations_alone_and_gated(Activation activation, bool gated)
    {
        float[] x = Values(1), up = Values(2);
        Tensor expected = OnCpu(x);
        if (gated) _cpu.ActivateGated(activation, expected, OnCpu(up), expected);
        else _cpu.Activate(activation, expected, expected);
        using GuardedBuffer<float> a = new(x), b = new(up), y = new(Rows * Stride);
        Kernel.Launch("activate", new ActivateArguments(a.Address, gated ? b.Address : 0, y.Address, Columns, Stride, Stride, activation), (Rows, 2, 1), 32, 0);
        Close(Read(expected), y.Span);
    }

    [Fact]
    public void Rows_are_gathered_added_and_converted()
    {
        float[] x = Values(1);
        using GuardedBuffer<float> table = new(x), y = new(Rows * Stride);
        using GuardedBuffer<int> ids = new([2, 0, 2]);
        Kernel.Launch("gather_rows", new GatherRowsArguments(table.Address, ids.Address, y.Address, Columns, Stride, Stride), (2, 1, 1), 64, 0);
        Assert.Equal(x[(2 * Stride)..(2 * Stride + Columns)], y.Span[..Columns].ToArray());
        Kernel.Launch("add", new AddArguments(y.Address, table.Address, Columns, Stride, Stride), (1, 1, 1), 64, 0);
        Assert.Equal(x[2 * Stride] + x[0], y.Span[0]);

        using var narrow = new GuardedBuffer<ushort>(Rows * Columns);
        EmulatedKernel.Of("elementwise.cu", "Y=bf16").Launch("convert", new ConvertArguments(table.Address, narrow.Address, Columns, Stride, Columns), (Rows, 1, 1), 64, 0);
        for (int i = 0; i < Columns; i++) Assert.Equal(x[Stride + i], BitConverter.UInt32BitsToSingle((uint)narrow.Span[Columns + i] << 16), Math.Abs(x[Stride + i]) / 256);
    }

    [Theory]
    [InlineData(2, 2), InlineData(1, 1)]
    public void All_pairs_of_blocks_are_copied_in_one_launch(int slices, int pairsAtOnce)
    {
        const int blockBytes = 2080;
        byte[] blocks = new byte[6 * blockBytes];
        new Random(1).NextBytes(blocks);
        using var cache = new GuardedBuffer<byte>(blocks);
        using GuardedBuffer<int> pairs = new([0, 3, 2, 5]);
        EmulatedKernel.Of("copy_blocks.cu").Launch("copy_blocks", new CopyBlocksArguments(cache.Address, cache.Address, pairs.Address, blockBytes, blockBytes, blockBytes, 2), (slices, pairsAtOnce, 1), 32, 0);
        byte[] expected = [.. blocks[..(3 * blockBytes)], .. blocks[..blockBytes], .. blocks[(4 * blockBytes)..(5 * blockBytes)], .. blocks[(2 * blockBytes)..(3 * blockBytes)]];
        Assert.Equal(expected, cache.Span.ToArray());
    }

    private static float[] Values(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Rows * Stride).Select(_ => (float)(random.NextDouble() * 6 - 3))];
    }

    private Tensor OnCpu(float[] values) => Packed(values, Stride).Slice(0, Columns);

    private Tensor Packed(float[] values, int columns)
    {
        Tensor x = _cpu.Allocate(values.Length / columns, columns);
        _cpu.Write(x, values);
        return x;
    }

    private float[] Read(Tensor x) => [.. Enumerable.Range(0, x.Rows).SelectMany(row => _cpu.HostRow(x, row).ToArray())];

    private static void Close(float[] expected, ReadOnlySpan<float> actual)
    {
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i / Columns * Stride + i % Columns], 2e-5f * Math.Max(1, Math.Abs(expected[i])));
    }
}
