using System.Runtime.InteropServices;

namespace Folio.Compute.Cpu;

/// <summary>Zeroed native memory on 64-byte boundaries (a cache line, a 512-bit vector), freed all at once.</summary>
internal sealed unsafe class NativeArena : IDisposable
{
    public const int Alignment = 64;

    private readonly List<nint> _allocations = [];

    /// <summary>Bytes held.</summary>
    public long Bytes { get; private set; }

    public void* Allocate(long bytes)
    {
        nuint size = (nuint)Math.Max(bytes, 1);
        void* memory = NativeMemory.AlignedAlloc(size, Alignment);
        NativeMemory.Clear(memory, size);
        lock (_allocations)
        {
            _allocations.Add((nint)memory);
            Bytes += bytes;
        }

        return memory;
    }

    public void Dispose()
    {
        foreach (nint memory in _allocations) NativeMemory.AlignedFree((void*)memory);
        _allocations.Clear();
        Bytes = 0;
    }
}
