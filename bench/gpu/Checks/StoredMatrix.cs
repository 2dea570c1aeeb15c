using System.Runtime.InteropServices;
using Folio.Compute;

namespace Folio.GpuBench;

/// <summary>A random matrix as a file has it, in the host's memory.</summary>
internal sealed unsafe class StoredMatrix : IDisposable
{
    private readonly byte* _data;

    public StoredMatrix(DType type, int rows, int columns, ulong seed = 1)
    {
        long bytes = (long)rows * (columns / QuantizedBlocks.BlockSize(type)) * QuantizedBlocks.BlockBytes(type);
        _data = (byte*)NativeMemory.Alloc((nuint)bytes);
        StoredValues.Fill(type, _data, bytes, seed);
        Source = new("random", type, rows, columns, (nint)_data, bytes);
    }

    public WeightSource Source { get; }

    public void Dispose() => NativeMemory.Free(_data);
}
