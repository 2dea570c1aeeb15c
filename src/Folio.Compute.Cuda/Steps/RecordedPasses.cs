using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Interop;

namespace Folio.Compute.Cuda.Steps;

/// <summary>Forward passes of decoding steps, recorded as CUDA graphs: one launch repeats all of a pass.</summary>
/// <remarks>Sizes are vLLM's: 1, 2, 4, every 8 up to 256, every 16 up to 512. A step is filled up to the next of them.</remarks>
internal sealed class RecordedPasses(CudaContext context, int maxSequences)
{
    private const int Most = 512, ThreadLocal = 1;
    private readonly Dictionary<int, nint> _graphs = []; // by size

    /// <summary>Descending, the largest step's among them.</summary>
    public int[] Sizes { get; } = [.. AllSizes().Where(size => size < maxSequences).Append(Math.Min(maxSequences, Most)).Reverse()];

    /// <returns>The recorded size for so many sequences; null: there is none.</returns>
    public int? SizeFor(int sequences)
    {
        int best = int.MaxValue;
        foreach (int size in Sizes)
        {
            if (size >= sequences) best = size;
        }

        return best == int.MaxValue ? null : best;
    }

    public void Record(int size, Action<StepBatch> pass, StepBatch batch)
    {
        CudaContext.Check(CudaDriver.cuStreamBeginCapture(context.Stream, ThreadLocal), "cuStreamBeginCapture");
        try
        {
            pass(batch);
        }
        catch
        {
            _ = CudaDriver.cuStreamEndCapture(context.Stream, out _); // it has nothing to tell that the pass hasn't
            throw;
        }

        CudaContext.Check(CudaDriver.cuStreamEndCapture(context.Stream, out nint graph), "cuStreamEndCapture");
        CudaContext.Check(CudaDriver.cuGraphInstantiateWithFlags(out nint executable, graph, 0), "cuGraphInstantiateWithFlags");
        CudaContext.Check(CudaDriver.cuGraphDestroy(graph), "cuGraphDestroy");
        CudaContext.Check(CudaDriver.cuGraphUpload(executable, context.Stream), "cuGraphUpload"); // or the first step of its size would
        _graphs[size] = executable;
    }

    public void Repeat(int size) => CudaContext.Check(CudaDriver.cuGraphLaunch(_graphs[size], context.Stream), "cuGraphLaunch");

    public void Dispose()
    {
        foreach (nint graph in _graphs.Values) _ = CudaDriver.cuGraphExecDestroy(graph);
    }

    private static IEnumerable<int> AllSizes()
    {
        foreach (int size in (int[])[1, 2, 4]) yield return size;
        for (int size = 8; size <= 256; size += 8) yield return size;
        for (int size = 272; size <= Most; size += 16) yield return size;
    }
}
