using System.Runtime.InteropServices;
using Folio.Compute.Cuda.Attention;
using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Compiling;

namespace Folio.Compute.Cuda;

/// <summary>Whole blocks: copied on the card, and moved to the host and back.</summary>
public sealed unsafe partial class CudaBackend
{
    private const int CopyThreads = 256;
    private const int CopyBytes = CopyThreads * 4 * 16; // that a block of threads of copy_blocks has on their way

    /// <summary>Blocks of threads that move blocks to the host and back: 256 KiB on their way, which PCIe 5.0 takes in 4 µs, twice its latency. More would be no faster, and take multiprocessors from the step that runs beside them.</summary>
    private const int MoveGrid = 16;

    private Kernel? _copyBlocks;
    private MovingBlocks? _moving; // there since the cache is
    private bool _moves; // blocks are on their way of which the step's layers must wait

    /// <remarks>Layout and arithmetic of kv_cache.cuh, attention.cuh and products; a change of either changes this name.</remarks>
    public override string KvImageFormat => $"cuda: layers, keys and values, heads, [token, channel], arithmetic 4, {_context.Architecture}, {ProductInput} products{(_options.IsDeterministic ? ", deterministic" : "")}";

    public override void CopyBlocks(KvCache cache, ReadOnlySpan<BlockCopy> copies)
    {
        if (copies.IsEmpty) return;
        _context.Use();
        if (_moves) _moving!.AwaitAll();
        nint data = ((CudaKvCache)cache).Data;
        long bytes = CudaKvCache.BytesPerBlock(cache.Shape);
        for (; !copies.IsEmpty; copies = copies[Math.Min(copies.Length, MovingBlocks.MostPairs)..])
        {
            int count = Math.Min(copies.Length, MovingBlocks.MostPairs);
            nint pairs = _uploads.Put(MemoryMarshal.Cast<BlockCopy, int>(copies[..count]));
            CopyKernel.Launch(new CopyBlocksArguments(data, data, pairs, bytes, bytes, bytes, count), Slices(bytes, most: 64), count);
        }
    }

    public override HostKvBlocks AllocateHostBlocks(KvCacheShape shape) => new CudaHostKvBlocks(shape, _context);

    public override void CopyToHost(KvCache cache, HostKvBlocks host, ReadOnlySpan<BlockCopy> copies)
    {
        host.Check(cache, copies, toHost: true);
        Move(((CudaKvCache)cache).Data, ((CudaHostKvBlocks)host).Memory, cache.Shape, copies);
    }

    public override void CopyFromHost(KvCache cache, HostKvBlocks host, ReadOnlySpan<BlockCopy> copies)
    {
        host.Check(cache, copies, toHost: false);
        Move(((CudaHostKvBlocks)host).Memory, ((CudaKvCache)cache).Data, cache.Shape, copies);
    }

    private Kernel CopyKernel => _copyBlocks ??= _kernels.Get(new KernelSource("copy_blocks.cu"), "copy_blocks", CopyThreads);

    /// <summary>Beside the steps: layer by layer, so that the next step's layers wait each for its own.</summary>
    private void Move(nint from, nint to, KvCacheShape shape, ReadOnlySpan<BlockCopy> copies)
    {
        if (copies.IsEmpty) return;
        _context.Use();
        long block = CudaKvCache.BytesPerBlock(shape), layerBytes = CudaKvCache.BytesPerLayer(shape);
        int slices = Slices(layerBytes, MoveGrid);
        for (; !copies.IsEmpty; copies = copies[Math.Min(copies.Length, MovingBlocks.MostPairs)..])
        {
            int count = Math.Min(copies.Length, MovingBlocks.MostPairs);
            nint pairs = _moving!.Begin(copies[..count]);
            for (int layer = 0; layer < shape.Layers; layer++)
            {
                nint offset = (nint)(layer * layerBytes);
                CopyKernel.LaunchOn(_context.CopyStream, new CopyBlocksArguments(from + offset, to + offset, pairs, block, block, layerBytes, count), slices, Math.Min(count, MoveGrid / slices));
                _moving.Launched(layer);
            }
        }

        _moves = true;
    }

    /// <summary>Before a layer's cache is touched.</summary>
    private void AwaitMoved(int layer)
    {
        if (_moves) _moves = _moving!.Await(layer);
    }

    /// <summary>Blocks of threads that share a copy.</summary>
    private static int Slices(long bytes, int most) => (int)Math.Clamp(bytes / CopyBytes, 1, most);
}
