using System.Runtime.InteropServices;

namespace Folio.Compute.Cpu;

/// <summary>Scratch memory as large as the largest step has needed so far.</summary>
internal sealed unsafe class GrowingBuffer : IDisposable
{
    private byte* _memory;
    private long _bytes;

    /// <summary>What it held is lost where it grows.</summary>
    public byte* AtLeast(long bytes)
    {
        if (bytes <= _bytes) return _memory;
        NativeMemory.AlignedFree(_memory);
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, NativeArena.Alignment);
        _bytes = bytes;
        return _memory;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
        _bytes = 0;
    }
}
