using Folio.Compute.Cuda.Compiling;
using Folio.Compute.Cuda.Interop;
using Folio.Compute.Cuda.Tests.Emulation;

[assembly: CollectionBehavior(DisableTestParallelization = true)] // a process has one card, and what breaks it breaks it for all

namespace Folio.Compute.Cuda.EmulatedDriver.Tests;

/// <summary>The card's one context, for the length of a test, and short forms of the driver's calls.</summary>
internal sealed unsafe class Card : IDisposable
{
    private static readonly Dictionary<string, byte[]> Compiled = [];

    public Card(long memoryBytes = 1 << 30, bool eager = false)
    {
        EmulatedCuda.Require();
        EmulatedCuda.Set("FOLIO_EMULATED_MEMORY", memoryBytes.ToString());
        EmulatedCuda.Set("FOLIO_EMULATION", eager ? "eager" : null);
        CudaDriver.Initialize();
        Check(CudaDriver.cuDevicePrimaryCtxRetain(out nint context, 0));
        Check(CudaDriver.cuCtxSetCurrent(context));
    }

    public void Dispose()
    {
        _ = CudaDriver.cuDevicePrimaryCtxRelease(0);
        EmulatedCuda.Set("FOLIO_EMULATED_MEMORY", null);
        EmulatedCuda.Set("FOLIO_EMULATION", null);
    }

    public static void Check(int status) => CudaDriver.Check(status, "the call");

    public nint Stream()
    {
        Check(CudaDriver.cuStreamCreate(out nint stream, flags: 1));
        return stream;
    }

    public nint Event()
    {
        Check(CudaDriver.cuEventCreate(out nint happening, flags: 0));
        return happening;
    }

    public nint Allocate(int bytes)
    {
        Check(CudaDriver.cuMemAlloc(out nint address, (nuint)bytes));
        return address;
    }

    /// <summary>Pinned memory of the host.</summary>
    public Span<float> Pinned(int count, out nint address)
    {
        Check(CudaDriver.cuMemHostAlloc(out address, (nuint)(count * sizeof(float)), 0));
        return new((float*)address, count);
    }

    public void Upload(nint to, ReadOnlySpan<float> values, nint stream)
    {
        fixed (float* from = values) Check(CudaDriver.cuMemcpyHtoDAsync(to, (nint)from, (nuint)(values.Length * sizeof(float)), stream));
    }

    /// <summary>Waits for the stream.</summary>
    public float[] Download(nint from, int count, nint stream)
    {
        float[] values = new float[count];
        fixed (float* to = values) Check(CudaDriver.cuMemcpyDtoHAsync((nint)to, from, (nuint)(count * sizeof(float)), stream));
        return values;
    }

    public nint Kernel(string name, string file, params string[] definitions) => Load(name, new KernelCache(folder: null).Get(new KernelSource(file, definitions), "sm_90a"));

    /// <summary>A kernel that only a test has.</summary>
    public nint KernelOf(string name, string source)
    {
        if (!Compiled.TryGetValue(source, out byte[]? code)) Compiled[source] = code = Nvrtc.Compile("test.cu", source, KernelSource.Headers, ["--gpu-architecture=sm_90a"], out _);
        return Load(name, code);
    }

    public int TryLaunch<TArguments>(nint function, TArguments arguments, (uint X, uint Y, uint Z) grid, uint threads, nint stream, uint sharedBytes = 0) where TArguments : unmanaged
    {
        void* argument = &arguments;
        return CudaDriver.cuLaunchKernel(function, grid.X, grid.Y, grid.Z, threads, 1, 1, sharedBytes, stream, &argument, null);
    }

    public void Launch<TArguments>(nint function, TArguments arguments, uint grid, uint threads, nint stream, uint sharedBytes = 0) where TArguments : unmanaged =>
        Check(TryLaunch(function, arguments, (grid, 1, 1), threads, stream, sharedBytes));

    private static nint Load(string name, byte[] code)
    {
        fixed (byte* image = code)
        {
            Check(CudaDriver.cuModuleLoadData(out nint module, image));
            Check(CudaDriver.cuModuleGetFunction(out nint function, module, name));
            return function;
        }
    }
}
