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

    public override void BeginWeights(string? origin)
    {
        _loading = null;
        if (_cache is null || origin is null) return;
        _loading = new KeptWeights(_cache, origin);
        _kept.Add(_loading);
    }

    public override void EndWeights()
    {
        _loading?.Keep();
        _loading = null;
    }
}
