using Folio.Compute;

namespace Folio.Engine;

/// <summary>The bytes of preempted groups' blocks: a tier in host memory and, behind it, one in a file. Which slot is whose, the scheduler's pools know.</summary>
/// <remarks>Moving blocks allocates nothing on the managed heap. The engine's thread owns it.</remarks>
internal sealed class SwapSpace : IDisposable
{
    /// <summary>Host memory between the cache and the file: enough that the team copies and the system writes large pieces.</summary>
    private const int StagingBytes = 16 << 20;

    private readonly Backend _backend;
    private readonly KvCache _cache;
    private readonly HostKvBlocks? _host;
    private readonly SwapFile? _file;
    private readonly HostKvBlocks? _staging;
    private readonly BlockCopy[] _staged = []; // [staging slots] copies between cache and staging

    /// <param name="backend">Owns the cache; outlives this.</param>
    /// <param name="cache">Where blocks come from and return to.</param>
    /// <param name="plan">Slots of the tiers.</param>
    /// <param name="directory">Where the file is made, if there is to be one.</param>
    /// <exception cref="FolioException">Memory or disk haven't the room.</exception>
    public SwapSpace(Backend backend, KvCache cache, SwapPlan plan, string? directory)
    {
        (_backend, _cache) = (backend, cache);
        try
        {
            if (plan.HostBlocks > 0) _host = backend.AllocateHostBlocks(cache.Shape with { Blocks = plan.HostBlocks });
            if (plan.DiskBlocks == 0) return;

            int slots = (int)Math.Clamp(StagingBytes / backend.KvBytesPerBlock(cache.Shape), 1, plan.DiskBlocks);
            _staging = backend.AllocateHostBlocks(cache.Shape with { Blocks = slots });
            _staged = new BlockCopy[slots];
            _file = new SwapFile(directory!, plan.DiskBlocks, _staging.BytesPerBlock);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Copies blocks of the cache (sources) to slots of the tier (destinations).</summary>
    /// <exception cref="FolioException">The file can't be written. What was copied so far doesn't count.</exception>
    public void Out(SwapTier tier, ReadOnlySpan<BlockCopy> copies)
    {
        if (tier == SwapTier.Host)
        {
            _backend.CopyToHost(_cache, Tier(_host, tier), copies);
            return;
        }

        HostKvBlocks staging = Tier(_staging, tier);
        for (; copies.Length > 0; copies = copies[Math.Min(copies.Length, staging.Slots)..])
        {
            int count = Math.Min(copies.Length, staging.Slots);
            for (int i = 0; i < count; i++) _staged[i] = new(copies[i].Source, i);
            _backend.CopyToHost(_cache, staging, _staged.AsSpan(0, count));
            for (int i = 0; i < count; i++) _file!.Write(copies[i].Destination, staging[i]);
        }
    }

    /// <summary>Copies slots of the tier (sources) to blocks of the cache (destinations).</summary>
    /// <exception cref="FolioException">The file can't be read.</exception>
    public void In(SwapTier tier, ReadOnlySpan<BlockCopy> copies)
    {
        if (tier == SwapTier.Host)
        {
            _backend.CopyFromHost(_cache, Tier(_host, tier), copies);
            return;
        }

        HostKvBlocks staging = Tier(_staging, tier);
        for (; copies.Length > 0; copies = copies[Math.Min(copies.Length, staging.Slots)..])
        {
            int count = Math.Min(copies.Length, staging.Slots);
            for (int i = 0; i < count; i++)
            {
                _file!.Read(copies[i].Source, staging[i]);
                _staged[i] = new(i, copies[i].Destination);
            }

            _backend.CopyFromHost(_cache, staging, _staged.AsSpan(0, count));
        }
    }

    public void Dispose()
    {
        _host?.Dispose();
        _staging?.Dispose();
        _file?.Dispose();
    }

    private static HostKvBlocks Tier(HostKvBlocks? blocks, SwapTier tier) => blocks ?? throw new InvalidOperationException($"there is no swap space of the tier {tier}");
}
