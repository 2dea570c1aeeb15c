using System.Runtime.InteropServices;

namespace Folio.Compute.Cpu;

/// <summary>Native memory on 64-byte boundaries (a cache line, a 512-bit vector), freed all at once.</summary>
/// <remarks>
/// Weights and buffers are cut from chunks so large that they come zeroed from the system and become resident when first touched. Asking Linux for 2 MB pages
/// was tried: packing a model took three to five times as long in a virtual machine whose host takes back free memory.
/// </remarks>
internal sealed unsafe class NativeArena : IDisposable
{
    public const int Alignment = 64;

    private const long ChunkBytes = 32 << 20;

    private readonly Lock _lock = new();
    private readonly List<nint> _chunks = [];
    private readonly List<nint> _single = [];
    private byte* _next, _end;

    /// <summary>Zeroed memory.</summary>
    public void* Allocate(long bytes)
    {
        lock (_lock)
        {
            bytes = (bytes + Alignment - 1) / Alignment * Alignment;
            if (bytes > _end - _next) AddChunk(Math.Max(bytes, ChunkBytes));
            byte* memory = _next;
            _next += bytes;
            return memory;
        }
    }

    /// <summary>For buffers that may stay mostly unused (a KV cache): whatever was there before.</summary>
    public void* AllocateUncleared(long bytes)
    {
        try
        {
            void* memory = NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, 1), Alignment);
            lock (_lock) _single.Add((nint)memory);
            return memory;
        }
        catch (OutOfMemoryException)
        {
            throw Refused(bytes);
        }
    }

    public void Dispose()
    {
        foreach (nint memory in _chunks) NativeMemory.Free((void*)memory);
        foreach (nint memory in _single) NativeMemory.AlignedFree((void*)memory);
        _chunks.Clear();
        _single.Clear();
        _next = _end = null;
    }

    private void AddChunk(long bytes)
    {
        try
        {
            void* memory = NativeMemory.AllocZeroed((nuint)(bytes + Alignment));
            _chunks.Add((nint)memory);
            _next = (byte*)(((nint)memory + Alignment - 1) & -Alignment);
            _end = _next + bytes;
        }
        catch (OutOfMemoryException)
        {
            throw Refused(bytes);
        }
    }

    private static FolioException Refused(long bytes) => new($"{bytes} bytes of memory are not to be had; {HostMemory.Available} are available.");
}
