using System.Runtime.InteropServices;
using Folio.Compute.Cpu;
using Folio.Compute.Cuda.Attention;
using Folio.Compute.Cuda.Elementwise;
using Folio.Compute.Cuda.Tests.Emulation;

namespace Folio.Compute.Cuda.Tests.Elementwise;

/// <summary>What is done value by value and row by row, emulated, beside the CPU's.</summary>
public sealed class ElementwiseTests : IDisposable
{
    private const int Rows = 3;
    private readonly CpuBackend _cpu = new(threads: 1);

    private static EmulatedKernel Kernel => EmulatedKernel.Of("elementwise.cu", "Y=float");

    public void Dispose() => _cpu.Dispose();

    /// <remarks>Heads and rows; rows of which a thread has one quad, and all that it can hold, and more; rows that aren't made of quads.</remarks>
    [Theory]
    [InlineData(96, 96, "float"), InlineData(96, 32, "float"), InlineData(97, 97, "float"), InlineData(98, 14, "bf16"), InlineData(2052, 2052, "bf16"), InlineData(8204, 8204, "float"), InlineData(8203, 8203, "bf16")]
    public void Rms_norm_of_rows_or_heads(int columns, int group, string type)
    {
        float[] x = Values(1, columns), weight = Values(3, columns)[..group];
        Tensor expected = OnCpu(x, columns);
        _cpu.RmsNorm(expected, _cpu.Upload(weight), 1e-5f, expected);
        using GuardedBuffer<float> a = new(x), w = new(weight);
        using var y = new GuardedBuffer<byte>(x.Length * Bytes(type));
        EmulatedKernel.Of("norms.cu", $"Y={type}").Launch(
            "rms_norm", new RmsNormArguments(a.Address, w.Address, y.Address, group, columns / group, Stride(columns), Stride(columns), 1e-5f),
            (Rows * columns / group, 1, 1), ElementwiseKernels.NormThreads(group), 128);
        Close(Read(expected), Floats(y, type), columns, type);
    }

    [Theory]
    [InlineData(96, "float", true), InlineData(97, "float", true), InlineData(2052, "bf16", true), InlineData(2052, "bf16", false), InlineData(8203, "float", true)]
    public void Layer_norm(int columns, string type, bool affine)
    {
        float[] x = Values(1, columns), weight = Values(2, columns)[..columns], bias = Values(3, columns)[..columns];
        Tensor expected = OnCpu(x, columns);
        _cpu.LayerNorm(expected, affine ? _cpu.Upload(weight) : default, affine ? _cpu.Upload(bias) : default, 1e-5f, expected);
        using GuardedBuffer<float> a = new(x), w = new(weight), b = new(bias);
        using var y = new GuardedBuffer<byte>(x.Length * Bytes(type));
        EmulatedKernel.Of("norms.cu", $"Y={type}").Launch(
            "layer_norm", new LayerNormArguments(a.Address, affine ? w.Address : 0, affine ? b.Address : 0, y.Address, columns, Stride(columns), Stride(columns), 1e-5f),
            (Rows, 1, 1), ElementwiseKernels.NormThreads(columns), 128);
        Close(Read(expected), Floats(y, type), columns, type);
    }

    [Theory]
    [InlineData(Activation.Relu, false, 96), InlineData(Activation.Silu, true, 320), InlineData(Activation.Silu, true, 319), InlineData(Activation.Gelu, false, 97), InlineData(Activation.GeluTanh, true, 96)]
    public void Activations_alone_and_gated(Activation activation, bool gated, int columns)
    {
        float[] x = Values(1, columns), up = Values(2, columns);
        Tensor expected = OnCpu(x, columns);
        if (gated) _cpu.ActivateGated(activation, expected, OnCpu(up, columns), expected);
        else _cpu.Activate(activation, expected, expected);
        foreach (string type in (string[])["float", "bf16"])
        {
            using GuardedBuffer<float> a = new(x), b = new(up);
            using var y = new GuardedBuffer<byte>(x.Length * Bytes(type));
            EmulatedKernel.Of("elementwise.cu", $"Y={type}").Launch(
                "activate", new ActivateArguments(a.Address, gated ? b.Address : 0, y.Address, columns, Stride(columns), Stride(columns), activation), (Rows, 2, 1), 32, 0);
            Close(Read(expected), Floats(y, type), columns, type);
        }
    }

    [Theory]
    [InlineData(300), InlineData(299)]
    public void Rows_are_gathered_added_and_converted(int columns)
    {
        int stride = Stride(columns);
        float[] x = Values(1, columns);
        using GuardedBuffer<float> table = new(x), y = new(Rows * stride);
        using GuardedBuffer<int> ids = new([2, 0, 2]);
        Kernel.Launch("gather_rows", new GatherRowsArguments(table.Address, ids.Address, y.Address, columns, stride, stride), (2, 1, 1), 64, 0);
        Assert.Equal(x[(2 * stride)..(2 * stride + columns)], y.Span[..columns].ToArray());
        Assert.Equal(x[..columns], y.Span[stride..(stride + columns)].ToArray());
        Kernel.Launch("add", new AddArguments(y.Address, table.Address, columns, stride, stride), (1, 1, 1), 64, 0);
        for (int i = 0; i < columns; i++) Assert.Equal(x[2 * stride + i] + x[i], y.Span[i]);

        using var narrow = new GuardedBuffer<ushort>(Rows * columns);
        EmulatedKernel.Of("elementwise.cu", "Y=bf16").Launch("convert", new ConvertArguments(table.Address, narrow.Address, columns, stride, columns), (Rows, 1, 1), 64, 0);
        for (int i = 0; i < columns; i++) Assert.Equal(x[stride + i], BitConverter.UInt32BitsToSingle((uint)narrow.Span[columns + i] << 16), Math.Abs(x[stride + i]) / 256);
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

    /// <summary>From row to row: more than a row, and quads as long as that has quads.</summary>
    private static int Stride(int columns) => columns + 4;

    private static int Bytes(string type) => type == "float" ? sizeof(float) : sizeof(ushort);

    private static float[] Values(int seed, int columns)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Rows * Stride(columns)).Select(_ => (float)(random.NextDouble() * 6 - 3))];
    }

    private Tensor OnCpu(float[] values, int columns)
    {
        Tensor x = _cpu.Allocate(Rows, Stride(columns));
        _cpu.Write(x, values);
        return x.Slice(0, columns);
    }

    private float[] Read(Tensor x) => [.. Enumerable.Range(0, x.Rows).SelectMany(row => _cpu.HostRow(x, row).ToArray())];

    private static float[] Floats(GuardedBuffer<byte> buffer, string type) => type == "float"
        ? MemoryMarshal.Cast<byte, float>(buffer.Span).ToArray()
        : [.. MemoryMarshal.Cast<byte, ushort>(buffer.Span).ToArray().Select(bits => BitConverter.UInt32BitsToSingle((uint)bits << 16))];

    private static void Close(float[] expected, float[] actual, int columns, string type)
    {
        float tolerance = type == "float" ? 2e-5f : 5e-3f;
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i / columns * Stride(columns) + i % columns], tolerance * Math.Max(1, Math.Abs(expected[i])));
    }
}
