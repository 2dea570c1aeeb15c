using System.Text;
using Folio.Compute.Cuda.Interop;

namespace Folio.Compute.Cuda.Card;

/// <summary>One card: its context, its memory, the stream on which everything runs in order, and one for copies beside it.</summary>
/// <remarks>Memory lives as long as the context. Threads may take turns: each call makes the context the thread's own.</remarks>
internal sealed unsafe class CudaContext : IDisposable
{
    private const int MajorAttribute = 75, MinorAttribute = 76, MultiprocessorsAttribute = 16, SharedBytesAttribute = 97;
    private const int First = -1; // before streams of the usual priority, 0
    private const uint NonBlocking = 1, WithoutTiming = 2, Portable = 1, Mapped = 2;

    [ThreadStatic]
    private static nint current;

    private readonly int _device;
    private readonly nint _context;
    private readonly List<nint> _memory = [];
    private readonly List<nint> _pinned = [];
    private readonly List<nint> _events = [];

    public CudaContext(int ordinal)
    {
        int count = CudaDriver.Initialize();
        if ((uint)ordinal >= (uint)count) throw new CudaException($"there is no card {ordinal}; the driver sees {count}, counted from 0.");
        Check(CudaDriver.cuDeviceGet(out _device, ordinal), "cuDeviceGet");
        byte* name = stackalloc byte[256];
        Check(CudaDriver.cuDeviceGetName(name, 256, _device), "cuDeviceGetName");
        Name = Encoding.UTF8.GetString(new ReadOnlySpan<byte>(name, 256)).TrimEnd('\0');
        (int major, int minor) = (Attribute(MajorAttribute), Attribute(MinorAttribute));
        if (major < 8) throw new CudaException($"{Name} has compute capability {major}.{minor}; Folio's kernels need 8.0 (Ampere) or newer.");
        Capability = major * 10 + minor;
        Architecture = major == 9 ? $"sm_{major}{minor}a" : $"sm_{major}{minor}";
        (Multiprocessors, SharedBytesOfBlock) = (Attribute(MultiprocessorsAttribute), Attribute(SharedBytesAttribute));
        Check(CudaDriver.cuDevicePrimaryCtxRetain(out _context, _device), "cuDevicePrimaryCtxRetain");
        Use();
        Check(CudaDriver.cuStreamCreateWithPriority(out nint stream, NonBlocking, First), "cuStreamCreateWithPriority");
        Check(CudaDriver.cuStreamCreate(out nint copies, NonBlocking), "cuStreamCreate");
        (Stream, CopyStream) = (stream, copies);
    }

    public string Name { get; }

    /// <summary>Compute capability: 90 is 9.0.</summary>
    public int Capability { get; }

    /// <summary>What kernels are compiled for: sm_90a.</summary>
    public string Architecture { get; }

    public int Multiprocessors { get; }

    /// <summary>Shared memory that one block of threads may have.</summary>
    public int SharedBytesOfBlock { get; }

    /// <summary>Where everything runs in order.</summary>
    public nint Stream { get; }

    /// <summary>Where blocks move to the host and back, beside the other.</summary>
    public nint CopyStream { get; }

    public (long Free, long Total) Memory
    {
        get
        {
            Use();
            Check(CudaDriver.cuMemGetInfo(out nuint free, out nuint total), "cuMemGetInfo");
            return ((long)free, (long)total);
        }
    }

    public static void Check(int status, string what) => CudaDriver.Check(status, what);

    /// <summary>Makes the context this thread's.</summary>
    public void Use()
    {
        if (current == _context) return;
        Check(CudaDriver.cuCtxSetCurrent(_context), "cuCtxSetCurrent");
        current = _context;
    }

    /// <summary>Memory of the card, whatever was in it.</summary>
    /// <exception cref="CudaException">There isn't as much.</exception>
    public nint Allocate(long bytes, string what)
    {
        Use();
        int status = CudaDriver.cuMemAlloc(out nint address, (nuint)Math.Max(bytes, 16));
        if (status == CudaDriver.OutOfMemory)
        {
            (long free, long total) = Memory;
            throw new CudaException($"{what} takes {SizeText.Of(bytes)}; {SizeText.Of(free)} of {Name}'s {SizeText.Of(total)} are free. Lower --gpu-memory-utilization, --kv-cache-memory or --max-num-batched-tokens.");
        }

        Check(status, $"cuMemAlloc of {bytes} bytes for {what}");
        _memory.Add(address);
        return address;
    }

    /// <summary>The same, zeroed.</summary>
    public nint AllocateZeroed(long bytes, string what)
    {
        nint memory = Allocate(bytes, what);
        Check(CudaDriver.cuMemsetD8Async(memory, 0, (nuint)Math.Max(bytes, 16), Stream), "cuMemsetD8Async");
        return memory;
    }

    /// <summary>Memory of the host that the card reads and writes where it is. Kept until the end, unless <see cref="FreePinned"/> comes before.</summary>
    public nint AllocatePinned(long bytes, string what)
    {
        Use();
        int status = CudaDriver.cuMemHostAlloc(out nint address, (nuint)Math.Max(bytes, 16), Portable | Mapped);
        if (status == CudaDriver.OutOfMemory) throw new CudaException($"{what} takes {SizeText.Of(bytes)} of pinned host memory, which the system doesn't give. Lower --swap-space.");
        Check(status, $"cuMemHostAlloc of {bytes} bytes for {what}");
        _pinned.Add(address);
        return address;
    }

    /// <summary>Waits for what may still use it. A card that is lost is left as it is.</summary>
    public void FreePinned(nint address)
    {
        if (!_pinned.Remove(address)) return;
        Use();
        _ = CudaDriver.cuStreamSynchronize(Stream);
        _ = CudaDriver.cuStreamSynchronize(CopyStream);
        _ = CudaDriver.cuMemFreeHost(address);
    }

    public nint NewEvent()
    {
        Use();
        Check(CudaDriver.cuEventCreate(out nint happening, WithoutTiming), "cuEventCreate");
        _events.Add(happening);
        return happening;
    }

    public static void Record(nint happening, nint stream) => Check(CudaDriver.cuEventRecord(happening, stream), "cuEventRecord");

    /// <summary>The host waits.</summary>
    public static void Await(nint happening) => Check(CudaDriver.cuEventSynchronize(happening), "cuEventSynchronize");

    /// <summary>What comes next on a stream waits.</summary>
    public static void Await(nint stream, nint happening) => Check(CudaDriver.cuStreamWaitEvent(stream, happening, 0), "cuStreamWaitEvent");

    /// <summary>The host waits for all that was begun on a stream.</summary>
    public static void Synchronize(nint stream) => Check(CudaDriver.cuStreamSynchronize(stream), "cuStreamSynchronize");

    public void Upload(nint to, void* from, long bytes) => Check(CudaDriver.cuMemcpyHtoDAsync(to, (nint)from, (nuint)bytes, Stream), "cuMemcpyHtoDAsync");

    public void Download(void* to, nint from, long bytes) => Check(CudaDriver.cuMemcpyDtoHAsync((nint)to, from, (nuint)bytes, Stream), "cuMemcpyDtoHAsync");

    /// <summary>Gives everything back. What the card still does is waited for.</summary>
    public void Dispose()
    {
        Use();
        _ = CudaDriver.cuCtxSynchronize(); // a card that has failed is left as it is
        foreach (nint happening in _events) _ = CudaDriver.cuEventDestroy(happening);
        foreach (nint memory in _memory) _ = CudaDriver.cuMemFree(memory);
        foreach (nint memory in _pinned) _ = CudaDriver.cuMemFreeHost(memory);
        _ = CudaDriver.cuStreamDestroy(Stream);
        _ = CudaDriver.cuStreamDestroy(CopyStream);
        _ = CudaDriver.cuDevicePrimaryCtxRelease(_device);
        current = 0;
    }

    private int Attribute(int attribute)
    {
        Check(CudaDriver.cuDeviceGetAttribute(out int value, attribute, _device), "cuDeviceGetAttribute");
        return value;
    }
}
