using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Interop;

namespace Folio.GpuBench;

/// <summary>Launches, recorded as one: between short kernels, the card doesn't wait for the host.</summary>
internal sealed class Recording : IDisposable
{
    private const int ThreadLocal = 1;
    private readonly CudaContext _context;
    private readonly nint _executable;

    /// <param name="work">Has run before: nothing can be compiled or allocated while it is recorded.</param>
    public Recording(CudaContext context, Action work)
    {
        _context = context;
        work();
        CudaContext.Synchronize(context.Stream);
        CudaContext.Check(CudaDriver.cuStreamBeginCapture(context.Stream, ThreadLocal), "cuStreamBeginCapture");
        work();
        CudaContext.Check(CudaDriver.cuStreamEndCapture(context.Stream, out nint graph), "cuStreamEndCapture");
        CudaContext.Check(CudaDriver.cuGraphInstantiateWithFlags(out _executable, graph, 0), "cuGraphInstantiateWithFlags");
        CudaContext.Check(CudaDriver.cuGraphDestroy(graph), "cuGraphDestroy");
    }

    public void Launch() => CudaContext.Check(CudaDriver.cuGraphLaunch(_executable, _context.Stream), "cuGraphLaunch");

    public void Dispose() => _ = CudaDriver.cuGraphExecDestroy(_executable);
}
