using System.Runtime.InteropServices;

namespace Folio.Compute.Cpu.Tests.Linear;

/// <summary>A random matrix as a file would hold it, and its values in fp32.</summary>
internal sealed unsafe class StoredMatrix : IDisposable
{
    private readonly byte* _data;

    public StoredMatrix(DType type, int rows, int columns, int seed, bool transposed = false)
    {
        int blocks = rows * columns / QuantizedBlocks.BlockSize(type);
        byte[] bytes = new byte[blocks * QuantizedBlocks.BlockBytes(type)];
        var random = new Random(seed);
        random.NextBytes(bytes);
        for (int block = 0; block < blocks; block++) SetScales(type, bytes.AsSpan(block * QuantizedBlocks.BlockBytes(type), QuantizedBlocks.BlockBytes(type)), random);

        _data = (byte*)NativeMemory.Alloc((nuint)Math.Max(1, bytes.Length));
        bytes.CopyTo(new Span<byte>(_data, bytes.Length));
        Source = new($"random {type}", type, rows, columns, (nint)_data, bytes.Length, transposed);

        Values = new float[rows * columns];
        QuantizedBlocks.Dequantize(type, bytes, Values);
        if (transposed) Values = [.. Enumerable.Range(0, rows * columns).Select(i => Values[i % columns * rows + i / columns])];
    }

    public WeightSource Source { get; }

    /// <summary>The same of a reader.</summary>
    public WeightSource Made => Source with { Data = 0, Reader = new Copier(Source) };

    /// <summary>[rows, columns]</summary>
    public float[] Values { get; }

    public void Dispose() => NativeMemory.Free(_data);

    /// <summary>Random bits would make wild or infinite numbers: scales and plain numbers get values that occur in models, some of them subnormal.</summary>
    private static void SetScales(DType type, Span<byte> block, Random random)
    {
        int[] halves = type switch
        {
            DType.F32 or DType.BF16 => [],
            DType.Q4_1 or DType.Q5_1 or DType.Q4_K or DType.Q5_K => [0, 2],
            DType.Q2_K => [80, 82],
            DType.Q3_K => [108],
            DType.Q6_K => [208],
            _ => [0],
        };
        foreach (int offset in halves)
        {
            float scale = (random.NextSingle() - 0.5f) * (random.Next(10) == 0 ? 1e-5f : 0.1f);
            BitConverter.TryWriteBytes(block[offset..], (Half)scale);
        }

        if (type == DType.F32) BitConverter.TryWriteBytes(block, random.NextSingle() - 0.5f);
        if (type == DType.BF16) BitConverter.TryWriteBytes(block, (ushort)(BitConverter.SingleToUInt32Bits(random.NextSingle() - 0.5f) >> 16));
    }

    private sealed class Copier(WeightSource source) : RowReader
    {
        public override void Read(int first, int count, byte* rows)
        {
            long rowBytes = source.Bytes / source.Rows;
            Buffer.MemoryCopy((byte*)source.Data + first * rowBytes, rows, count * rowBytes, count * rowBytes);
        }
    }
}
