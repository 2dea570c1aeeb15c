using System.Runtime.InteropServices;

namespace Folio.Compute.Cpu;

/// <summary>Native memory on 64-byte boundaries (a cache line, a 512-bit vector), freed all at once.</summary>
internal sealed unsafe class NativeArena : IDisposable
{
    public const int Alignment = 64;

    private readonly List<nint> _allocations = [];

    public void* Allocate(long bytes)
    {
        void* memory = AllocateUncleared(bytes);
        NativeMemory.Clear(memory, (nuint)bytes);
        return memory;
    }

    /// <summary>For memory that the caller fills itself: its pages are first touched, and so placed, by the threads that fill it.</summary>
    public void* AllocateUncleared(long bytes)
    {
        void* memory;
        try
        {
            memory = NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, 1), Alignment);
        }
        catch (OutOfMemoryException)
        {
            throw new FolioException($"{bytes} bytes of memory are not to be had; {HostMemory.Available} are available.");
        }

        lock (_allocations) _allocations.Add((nint)memory);
        return memory;
    }

    public void Dispose()
    {
        foreach (nint memory in _allocations) NativeMemory.AlignedFree((void*)memory);
        _allocations.Clear();
    }
}
