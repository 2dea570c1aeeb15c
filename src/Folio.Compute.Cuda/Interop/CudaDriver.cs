using System.Runtime.InteropServices;

namespace Folio.Compute.Cuda.Interop;

/// <summary>The driver API, as much of it as Folio calls. Every function returns a status, which <see cref="Check"/> turns into an error.</summary>
/// <remarks>Source: CUDA Driver API reference. Names are the library's, with the version that the headers append (cuMemAlloc is cuMemAlloc_v2).</remarks>
internal static unsafe partial class CudaDriver
{
    private const int Success = 0, NoDevice = 100;

    public const int OutOfMemory = 2;

    /// <summary>The oldest driver that Folio works with, as it names itself: CUDA 12.0.</summary>
    private const int LeastVersion = 12000;

    /// <summary>For the command, an application and the bench alike.</summary>
    private const string Needed = "docs/gpu.md says what a card takes, and a container is given one by docker run --gpus all; Folio's device cpu takes none.";

    /// <summary>Begins: the driver must be there, new enough, and see a card.</summary>
    /// <returns>Cards that it sees.</returns>
    /// <exception cref="CudaException">What is missing, and what to do about it.</exception>
    public static int Initialize()
    {
        if (!CudaLibraries.Has(CudaLibraries.Driver))
            throw new CudaException($"no NVIDIA driver: {CudaLibraries.Names(CudaLibraries.Driver)[0]} isn't here. {Needed}");
        Check(cuDriverGetVersion(out int version), "cuDriverGetVersion");
        if (version < LeastVersion)
            throw new CudaException($"the NVIDIA driver is for CUDA {Version(version)}; Folio needs one for CUDA {Version(LeastVersion)} or newer (525 or newer).");
        int status = cuInit(0), count = 0;
        if (status == Success) status = cuDeviceGetCount(out count);
        if (status == NoDevice || (status == Success && count == 0)) throw new CudaException($"the NVIDIA driver is here, but sees no card (CUDA_VISIBLE_DEVICES?). {Needed}");
        Check(status, "cuInit");
        return count;
    }

    /// <exception cref="CudaException">The status isn't success.</exception>
    public static void Check(int status, string what)
    {
        if (status == Success) return;
        string sentence = $"{what} failed: {Describe(status)}.";
        throw IsFatal(status) ? new BackendLostException($"the card is lost to this process, which must be started again: {sentence}") : new CudaException(sentence);
    }

    /// <summary>Statuses behind which a context answers nothing else: uncorrectable errors of memory and links, and whatever a kernel did that it must not.</summary>
    private static bool IsFatal(int status) => status is 214 or 220 or 226 or 700 or 702 or (>= 714 and <= 719);

    /// <summary>A status in the driver's words.</summary>
    public static string Describe(int status)
    {
        byte* name = null, text = null;
        _ = cuGetErrorName(status, &name);
        _ = cuGetErrorString(status, &text);
        return $"{Marshal.PtrToStringUTF8((nint)name) ?? $"status {status}"} ({Marshal.PtrToStringUTF8((nint)text) ?? "unknown to the driver"})";
    }

    private static string Version(int version) => $"{version / 1000}.{version % 1000 / 10}";

    // ---- Devices and contexts ----

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuInit(uint flags);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuDriverGetVersion(out int version);

    [LibraryImport(CudaLibraries.Driver)]
    private static partial int cuGetErrorName(int status, byte** text);

    [LibraryImport(CudaLibraries.Driver)]
    private static partial int cuGetErrorString(int status, byte** text);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuDeviceGetCount(out int count);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuDeviceGet(out int device, int ordinal);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuDeviceGetName(byte* name, int length, int device);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuDeviceGetAttribute(out int value, int attribute, int device);

    [LibraryImport(CudaLibraries.Driver, EntryPoint = "cuDevicePrimaryCtxRetain")]
    public static partial int cuDevicePrimaryCtxRetain(out nint context, int device);

    [LibraryImport(CudaLibraries.Driver, EntryPoint = "cuDevicePrimaryCtxRelease_v2")]
    public static partial int cuDevicePrimaryCtxRelease(int device);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuCtxSetCurrent(nint context);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuCtxSynchronize();

    // ---- Memory ----

    [LibraryImport(CudaLibraries.Driver, EntryPoint = "cuMemGetInfo_v2")]
    public static partial int cuMemGetInfo(out nuint free, out nuint total);

    [LibraryImport(CudaLibraries.Driver, EntryPoint = "cuMemAlloc_v2")]
    public static partial int cuMemAlloc(out nint address, nuint bytes);

    [LibraryImport(CudaLibraries.Driver, EntryPoint = "cuMemFree_v2")]
    public static partial int cuMemFree(nint address);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuMemHostAlloc(out nint address, nuint bytes, uint flags);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuMemFreeHost(nint address);

    [LibraryImport(CudaLibraries.Driver, EntryPoint = "cuMemcpyHtoDAsync_v2")]
    public static partial int cuMemcpyHtoDAsync(nint to, nint from, nuint bytes, nint stream);

    [LibraryImport(CudaLibraries.Driver, EntryPoint = "cuMemcpyDtoHAsync_v2")]
    public static partial int cuMemcpyDtoHAsync(nint to, nint from, nuint bytes, nint stream);

    [LibraryImport(CudaLibraries.Driver, EntryPoint = "cuMemcpyDtoDAsync_v2")]
    public static partial int cuMemcpyDtoDAsync(nint to, nint from, nuint bytes, nint stream);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuMemsetD8Async(nint address, byte value, nuint bytes, nint stream);

    // ---- Streams and events ----

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuStreamCreate(out nint stream, uint flags);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuStreamCreateWithPriority(out nint stream, uint flags, int priority);

    [LibraryImport(CudaLibraries.Driver, EntryPoint = "cuStreamDestroy_v2")]
    public static partial int cuStreamDestroy(nint stream);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuStreamSynchronize(nint stream);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuStreamWaitEvent(nint stream, nint happening, uint flags);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuEventCreate(out nint happening, uint flags);

    [LibraryImport(CudaLibraries.Driver, EntryPoint = "cuEventDestroy_v2")]
    public static partial int cuEventDestroy(nint happening);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuEventRecord(nint happening, nint stream);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuEventSynchronize(nint happening);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuEventElapsedTime(out float milliseconds, nint from, nint to);

    // ---- Kernels ----

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuModuleLoadData(out nint module, void* image);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuModuleUnload(nint module);

    [LibraryImport(CudaLibraries.Driver, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int cuModuleGetFunction(out nint function, nint module, string name);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuFuncSetAttribute(nint function, int attribute, int value);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuOccupancyMaxActiveBlocksPerMultiprocessor(out int blocks, nint function, int threads, nuint sharedBytes);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuLaunchKernel(
        nint function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint sharedBytes, nint stream, void** arguments, void** extra);

    // ---- Graphs ----

    [LibraryImport(CudaLibraries.Driver, EntryPoint = "cuStreamBeginCapture_v2")]
    public static partial int cuStreamBeginCapture(nint stream, int mode);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuStreamEndCapture(nint stream, out nint graph);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuGraphInstantiateWithFlags(out nint executable, nint graph, ulong flags);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuGraphDestroy(nint graph);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuGraphExecDestroy(nint executable);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuGraphLaunch(nint executable, nint stream);

    [LibraryImport(CudaLibraries.Driver)]
    public static partial int cuGraphUpload(nint executable, nint stream);
}
