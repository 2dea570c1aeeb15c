using System.Diagnostics;
using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Interop;

namespace Folio.GpuBench;

/// <summary>Times work on the card by two events round it: what the card took, not the host.</summary>
internal sealed class CardClock : IDisposable
{
    private readonly nint _stream, _from, _to;
    private readonly bool _isBrief;

    /// <param name="options">The run's.</param>
    /// <param name="stream">Where the work runs; 0: the context's own.</param>
    public CardClock(Options options, CudaContext context, nint stream = 0)
    {
        context.Use();
        _isBrief = options.Tiny;
        _stream = stream != 0 ? stream : context.Stream;
        CudaContext.Check(CudaDriver.cuEventCreate(out _from, flags: 0), "cuEventCreate");
        CudaContext.Check(CudaDriver.cuEventCreate(out _to, flags: 0), "cuEventCreate");
    }

    public void Dispose()
    {
        _ = CudaDriver.cuEventDestroy(_from);
        _ = CudaDriver.cuEventDestroy(_to);
    }

    public double Seconds(Action work)
    {
        CudaContext.Record(_from, _stream);
        work();
        CudaContext.Record(_to, _stream);
        CudaContext.Await(_to);
        CudaContext.Check(CudaDriver.cuEventElapsedTime(out float milliseconds, _from, _to), "cuEventElapsedTime");
        return Math.Max(milliseconds, 1e-6) / 1e3;
    }

    /// <summary>The same again and again, after a first time that compiles and warms up.</summary>
    /// <param name="seconds">To be spent, about.</param>
    public Samples Measure(Action work, double seconds = 0.4, int most = 100)
    {
        int least = _isBrief ? 1 : 3;
        if (_isBrief) seconds = 0;
        var watch = Stopwatch.StartNew();
        work();
        CudaContext.Synchronize(_stream);
        for (watch.Restart(); watch.Elapsed.TotalSeconds < seconds / 8; CudaContext.Synchronize(_stream)) work();
        var samples = new List<double>();
        for (watch.Restart(); samples.Count < least || (samples.Count < most && watch.Elapsed.TotalSeconds < seconds);) samples.Add(Seconds(work));
        return Samples.Of(samples);
    }
}
