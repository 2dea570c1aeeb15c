using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Compiling;

namespace Folio.Compute.Cuda.Attention;

/// <summary>The kernels over one shape of cache, for what attention writes.</summary>
internal sealed class AttentionKernels
{
    private const int StoreThreads = 256, MergeThreads = 128;
    private readonly int _decodeItems;

    public AttentionKernels(KernelLibrary kernels, AttentionLaunch launch, DType y, int multiprocessors)
    {
        KvCacheShape shape = launch.Shape;
        string[] cache = [$"KV={NumberNames.Of(shape.Type)}", $"BLOCK_SIZE={shape.BlockSize}", $"HEAD_DIM={shape.HeadDim}"];
        string[] attention = [.. cache, $"PARTITION={AttentionPlan.PartitionPositions}", $"Y={NumberNames.Of(y)}"];
        var decode = new KernelSource("paged_decode.cu", [.. attention, $"WARPS={launch.DecodeWarps}", $"TILE_WARPS={launch.TileWarps}"]);
        Store = kernels.Get(new KernelSource("store_kv.cu", cache), "store_kv", StoreThreads);
        Decode = kernels.Get(decode, "paged_decode", launch.DecodeThreads, launch.DecodeSharedBytes);
        Merge = kernels.Get(decode, "merge_partitions", MergeThreads);
        Prefill = kernels.Get(new KernelSource(launch.Prefill + ".cu", attention), launch.Prefill, launch.PrefillThreads, launch.PrefillSharedBytes);
        _decodeItems = launch.DecodeItems;
        MostDecodeBlocks = multiprocessors * Decode.Occupancy;
    }

    public Kernel Store { get; }

    public Kernel Decode { get; }

    public Kernel Merge { get; }

    public Kernel Prefill { get; }

    /// <summary>Blocks of threads of paged_decode that run at once; each goes on with another item until there are none.</summary>
    public int MostDecodeBlocks { get; }

    /// <summary>The blocks that so many items, of one KV head each, keep busy.</summary>
    public int DecodeBlocks(int units) => Math.Min(MostDecodeBlocks, (units + _decodeItems - 1) / _decodeItems);
}
