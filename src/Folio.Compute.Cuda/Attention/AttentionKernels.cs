using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Compiling;

namespace Folio.Compute.Cuda.Attention;

/// <summary>The kernels over one shape of cache, for what attention writes.</summary>
internal sealed class AttentionKernels
{
    private const int DecodeWarps = 4, DecodeRing = 4, PiecePositions = 16, StorePairs = 256;

    public AttentionKernels(KernelLibrary kernels, KvCacheShape shape, DType y, int multiprocessors)
    {
        if (shape.HeadDim % 2 != 0 || shape.HeadDim > 256) throw new CudaException($"heads of {shape.HeadDim} channels; the card's kernels take even numbers up to 256.");
        string[] cache = [$"KV={NumberNames.Of(shape.Type)}", $"BLOCK_SIZE={shape.BlockSize}", $"HEAD_DIM={shape.HeadDim}"];
        string[] attention = [.. cache, $"PARTITION={AttentionPlan.PartitionPositions}", $"Y={NumberNames.Of(y)}"];
        int rowBytes = (CudaKvCache.StoredHeadDim(shape.HeadDim) + 8) * sizeof(ushort); // of attention.cuh's row_pitch
        var decode = new KernelSource("paged_decode.cu", [.. attention, $"WARPS={DecodeWarps}"]);
        Store = kernels.Get(new KernelSource("store_kv.cu", cache), "store_kv", StorePairs);
        Decode = kernels.Get(decode, "paged_decode", DecodeWarps * 32, DecodeWarps * DecodeRing * PiecePositions * rowBytes);
        Merge = kernels.Get(decode, "merge_partitions", threads: 128);
        Prefill = kernels.Get(new KernelSource("paged_prefill.cu", attention), "paged_prefill", threads: 128, 2 * 2 * AttentionPlan.TileRows * rowBytes);
        MostDecodeBlocks = multiprocessors * Decode.Occupancy;
    }

    public Kernel Store { get; }

    public Kernel Decode { get; }

    public Kernel Merge { get; }

    public Kernel Prefill { get; }

    /// <summary>Blocks of threads of paged_decode that run at once; each goes on with another item until there are none.</summary>
    public int MostDecodeBlocks { get; }

    /// <summary>The blocks that so many items, of one KV head each, keep busy.</summary>
    public int DecodeBlocks(int units) => Math.Min(MostDecodeBlocks, (units + DecodeWarps - 1) / DecodeWarps);
}
