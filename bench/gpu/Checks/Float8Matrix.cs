using System.Runtime.InteropServices;
using Folio.Compute;

namespace Folio.GpuBench;

/// <summary>A random matrix of fp8 (E4M3) with a scale for each output, as a file has it, in the host's memory.</summary>
internal sealed unsafe class Float8Matrix : IDisposable
{
    private readonly byte* _codes;

    public Float8Matrix(int rows, int columns)
    {
        long count = (long)rows * columns;
        _codes = (byte*)NativeMemory.Alloc((nuint)count);
        StoredValues.Fill(DType.BF16, _codes, count);
        for (long i = 0; i < count; i++) _codes[i] = (byte)(((_codes[i & ~1] ^ i * 0x9D) & 0x87) | 0x38); // ±1 to ±1.875: random are the lower halves of numbers
        float[] scales = [.. Enumerable.Range(0, rows).Select(row => (1 + row % 7) / 1024f)];
        Source = new("random", DType.BF16, rows, columns, 0, 2 * count, Reader: new Float8Rows((nint)_codes, columns, scales, scaleRows: 1, scaleColumns: columns));
    }

    public WeightSource Source { get; }

    public void Dispose() => NativeMemory.Free(_codes);
}
