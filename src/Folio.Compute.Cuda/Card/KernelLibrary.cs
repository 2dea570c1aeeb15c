using Folio.Compute.Cuda.Compiling;
using Folio.Compute.Cuda.Interop;

namespace Folio.Compute.Cuda.Card;

/// <summary>The kernels of one card: each is compiled, or taken from the cache, when it is first asked for.</summary>
internal sealed unsafe class KernelLibrary(CudaContext context, KernelCache cache) : IDisposable
{
    private const int MaxDynamicSharedBytesAttribute = 8, SharedBytesWithoutAsking = 48 << 10;
    private readonly Dictionary<string, nint> _modules = [];

    /// <param name="name">The kernel's, in its file.</param>
    /// <param name="threads">Threads of a block.</param>
    /// <param name="sharedBytes">Shared memory of a block.</param>
    public Kernel Get(KernelSource source, string name, int threads, int sharedBytes = 0)
    {
        context.Use();
        if (sharedBytes > context.SharedBytesOfBlock)
            throw new CudaException($"{source} needs {sharedBytes} bytes of shared memory; {context.Name} has {context.SharedBytesOfBlock} for a block of threads.");
        CudaContext.Check(CudaDriver.cuModuleGetFunction(out nint function, Module(source), name), $"cuModuleGetFunction of {name}");
        if (sharedBytes > SharedBytesWithoutAsking) CudaContext.Check(CudaDriver.cuFuncSetAttribute(function, MaxDynamicSharedBytesAttribute, sharedBytes), "cuFuncSetAttribute");
        return new(context, function, threads, sharedBytes);
    }

    public void Dispose()
    {
        context.Use();
        foreach (nint module in _modules.Values) _ = CudaDriver.cuModuleUnload(module);
    }

    private nint Module(KernelSource source)
    {
        string key = source.ToString();
        if (_modules.TryGetValue(key, out nint module)) return module;
        fixed (byte* image = cache.Get(source, context.Architecture)) CudaContext.Check(CudaDriver.cuModuleLoadData(out module, image), $"cuModuleLoadData of {key}");
        return _modules[key] = module;
    }
}
