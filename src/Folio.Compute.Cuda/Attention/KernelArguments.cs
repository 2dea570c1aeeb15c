using System.Runtime.InteropServices;

namespace Folio.Compute.Cuda.Attention;

/// <summary>One layer of the paged cache as kernels see it: <c>KvLayer</c> of kv_cache.cuh. The stride is in bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct KvLayer(nint Data, long BlockStride, int KvHeads);

/// <summary>The head of a step's numbers: <c>StepHeader</c> of step.cuh. Offsets are in numbers, from the header on.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct StepHeader(int Tables, int ItemCount, int Items, int Unused = 0);

/// <summary>Arguments of store_kv.cu.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct StoreKvArguments(
    nint Q, nint K, nint V, KvLayer Cache, nint Slots, nint Cosines, nint Sines, nint AngleRows, int Stride, int Heads, int Half, int AngleStride, int Interleaved);

/// <summary>Arguments of copy_blocks.cu.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct CopyBlocksArguments(nint From, nint To, nint Pairs, long FromStride, long ToStride, long Bytes, int Count);

/// <summary>Arguments of paged_decode.cu.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct PagedDecodeArguments(
    nint Q, nint Y, KvLayer Cache, nint Step, nint Rows, nint Lengths, nint Partitions, nint PartStarts, nint States, int QStride, int YStride, int Heads, int Window, float Scale, float SoftCap);

/// <summary>Arguments of merge_partitions in paged_decode.cu.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct MergePartitionsArguments(nint Y, nint States, nint Rows, nint Lengths, nint Partitions, nint PartStarts, int YStride, int Heads, int Window);

/// <summary>Arguments of paged_prefill.cu and paged_prefill_wgmma.cu: <c>prefill.cuh</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct PagedPrefillArguments(
    nint Q, nint Y, KvLayer Cache, nint Step, nint Tiles, nint QueryStarts, nint Lengths, int TileCount, int QStride, int YStride, int Heads, int Window, int Causal, float Scale, float SoftCap);
