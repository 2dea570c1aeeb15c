using System.Runtime.InteropServices;

namespace Folio.Compute.Cuda.Attention;

/// <summary>One layer of the paged cache as kernels see it: <c>KvLayer</c> of kv_cache.cuh.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct KvLayer(nint Data, long BlockStride, int KvHeads);

/// <summary>Arguments of store_kv.cu.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct StoreKvArguments(nint K, nint V, KvLayer Cache, nint Slots, int Stride);

/// <summary>Arguments of copy_blocks.cu.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct CopyBlocksArguments(nint From, nint To, nint Pairs, long FromStride, long ToStride, long Bytes);

/// <summary>Arguments of paged_decode.cu.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct PagedDecodeArguments(
    nint Q, nint Y, KvLayer Cache, nint Items, nint Count, nint Rows, nint Lengths, nint Partitions, nint PartStarts, nint BlockTables, nint States,
    int BlocksPerSequence, int QStride, int YStride, int Heads, int Window, float Scale, float SoftCap);

/// <summary>Arguments of merge_partitions in paged_decode.cu.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct MergePartitionsArguments(nint Y, nint States, nint Rows, nint Partitions, nint PartStarts, int YStride, int Heads);

/// <summary>Arguments of paged_prefill.cu.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct PagedPrefillArguments(
    nint Q, nint Y, KvLayer Cache, nint Tiles, nint QueryStarts, nint Lengths, nint BlockTables,
    int TileCount, int BlocksPerSequence, int QStride, int YStride, int Heads, int Window, int Causal, float Scale, float SoftCap);
