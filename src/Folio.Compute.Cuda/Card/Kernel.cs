using Folio.Compute.Cuda.Interop;

namespace Folio.Compute.Cuda.Card;

/// <summary>A kernel on the card, ready to be launched.</summary>
/// <param name="context">Whose it is.</param>
/// <param name="function">The driver's handle.</param>
/// <param name="threads">Threads of a block.</param>
/// <param name="sharedBytes">Shared memory of a block.</param>
internal sealed unsafe class Kernel(CudaContext context, nint function, int threads, int sharedBytes)
{
    /// <summary>Blocks that run at once on one multiprocessor.</summary>
    public int Occupancy
    {
        get
        {
            context.Use();
            CudaContext.Check(CudaDriver.cuOccupancyMaxActiveBlocksPerMultiprocessor(out int blocks, function, threads, (nuint)sharedBytes), "cuOccupancyMaxActiveBlocksPerMultiprocessor");
            return Math.Max(1, blocks);
        }
    }

    /// <summary>Begins a launch on the context's stream; an empty grid is none.</summary>
    public void Launch<TArguments>(in TArguments arguments, int gridX, int gridY = 1) where TArguments : unmanaged => LaunchOn(context.Stream, arguments, gridX, gridY);

    public void LaunchOn<TArguments>(nint stream, in TArguments arguments, int gridX, int gridY = 1) where TArguments : unmanaged
    {
        if (gridX <= 0 || gridY <= 0) return;
        fixed (TArguments* pointer = &arguments)
        {
            void* parameter = pointer;
            CudaContext.Check(CudaDriver.cuLaunchKernel(function, (uint)gridX, (uint)gridY, 1, (uint)threads, 1, 1, (uint)sharedBytes, stream, &parameter, null), "cuLaunchKernel");
        }
    }
}
