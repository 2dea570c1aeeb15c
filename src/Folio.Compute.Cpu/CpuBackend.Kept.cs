using Folio.Compute.Cpu.Kept;

namespace Folio.Compute.Cpu;

/// <summary>Packed weights that outlive the process.</summary>
public sealed unsafe partial class CpuBackend
{
    private readonly PackedWeightCache? _cache;
    private readonly List<KeptWeights> _kept = [];
    private KeptWeights? _loading;

    /// <summary>Memory of mapped files: the system counts it as free, and every step wants it.</summary>
    internal long MappedBytes => _kept.Sum(kept => kept.MappedBytes);

    public override void BeginWeights(WeightOrigin? origin)
    {
        _loading = null;
        if (_cache is null || origin is null) return;
        _loading = new KeptWeights(_cache, origin);
        _kept.Add(_loading);
    }

    /// <summary>Waits for files of packed weights that are still being written. Disposing of the backend doesn't: what isn't finished by then is given up, with a warning.</summary>
    /// <param name="patience">With all of them together.</param>
    /// <returns>Whether nothing is being written any more.</returns>
    public bool AwaitKept(TimeSpan patience)
    {
        long until = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        return _kept.TrueForAll(kept => kept.Await(TimeSpan.FromMilliseconds(Math.Max(0, until - Environment.TickCount64))));
    }

    public override void EndWeights()
    {
        _loading?.Keep();
        _loading = null;
    }
}
