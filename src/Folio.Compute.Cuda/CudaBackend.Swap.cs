using System.Runtime.InteropServices;
using Folio.Compute.Cuda.Attention;
using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Compiling;

namespace Folio.Compute.Cuda;

/// <summary>Whole blocks: copied on the card, and moved to the host and back.</summary>
public sealed unsafe partial class CudaBackend
{
    private const int CopyThreads = 256, MostPairs = 1 << 14; // of one launch

    private Kernel? _copyBlocks;

    /// <remarks>Layout and arithmetic of kv_cache.cuh and attention.cuh; a change of either changes this name.</remarks>
    public override string KvImageFormat => $"cuda: layers, keys and values, heads, [token, channel], arithmetic 1, {_context.Architecture}, {ProductInput} products{(_options.IsDeterministic ? ", deterministic" : "")}";

    public override void CopyBlocks(KvCache cache, ReadOnlySpan<BlockCopy> copies)
    {
        nint data = ((CudaKvCache)cache).Data;
        Copy(data, data, cache.Shape, copies);
    }

    public override HostKvBlocks AllocateHostBlocks(KvCacheShape shape) => new CudaHostKvBlocks(shape, _context);

    public override void CopyToHost(KvCache cache, HostKvBlocks host, ReadOnlySpan<BlockCopy> copies)
    {
        Check(cache, host, copies, toHost: true);
        Copy(((CudaKvCache)cache).Data, ((CudaHostKvBlocks)host).Memory, cache.Shape, copies);
        CudaContext.Synchronize(_context.Stream);
    }

    public override void CopyFromHost(KvCache cache, HostKvBlocks host, ReadOnlySpan<BlockCopy> copies)
    {
        Check(cache, host, copies, toHost: false);
        Copy(((CudaHostKvBlocks)host).Memory, ((CudaKvCache)cache).Data, cache.Shape, copies);
        CudaContext.Synchronize(_context.Stream);
    }

    /// <summary>One launch for all layers and pairs.</summary>
    private void Copy(nint from, nint to, KvCacheShape shape, ReadOnlySpan<BlockCopy> copies)
    {
        _context.Use();
        _copyBlocks ??= _kernels.Get(new KernelSource("copy_blocks.cu"), "copy_blocks", CopyThreads);
        long bytes = CudaKvCache.BytesPerBlock(shape);
        for (; !copies.IsEmpty; copies = copies[Math.Min(copies.Length, MostPairs)..])
        {
            int count = Math.Min(copies.Length, MostPairs);
            nint pairs = _uploads.Put(MemoryMarshal.Cast<BlockCopy, int>(copies[..count]));
            int slices = (int)Math.Clamp(bytes / (CopyThreads * 16), 1, 64);
            _copyBlocks.Launch(new CopyBlocksArguments(from, to, pairs, bytes, bytes, bytes), slices, count);
        }
    }

    private static void Check(KvCache cache, HostKvBlocks host, ReadOnlySpan<BlockCopy> copies, bool toHost)
    {
        if (!cache.Shape.SameBlocks(host.Shape)) throw new ArgumentException($"images of {host.Shape} don't fit a cache of {cache.Shape}", nameof(host));
        foreach ((int source, int destination) in copies)
        {
            (int block, int slot) = toHost ? (source, destination) : (destination, source);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)block, (uint)cache.Shape.Blocks, nameof(copies));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)slot, (uint)host.Slots, nameof(copies));
        }
    }
}
