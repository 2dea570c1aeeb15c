using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Folio.Compute.Cpu.Kept;

/// <summary>The first bytes of a file of packed weights, in the byte order of the machine; another order spoils the magic. The entries follow, then, each on a page, the panels.</summary>
/// <param name="Magic">"FOLIOPAK".</param>
/// <param name="Format">Of this file, counted up with every change of it.</param>
/// <param name="Weights">Entries.</param>
/// <param name="Build">The <see cref="PackedWeightCache.Build">build</see> of the packer: panels may lie otherwise in the next one.</param>
/// <param name="Origin">Digest of the checkpoint's <see cref="WeightOrigin"/>, place and content.</param>
/// <param name="Length">Of the whole file.</param>
/// <param name="EntriesChecksum">Of all entries.</param>
/// <param name="Checksum">Of everything before.</param>
internal readonly record struct PackedFileHeader(ulong Magic, int Format, int Weights, Guid Build, Guid Origin, long Length, ulong EntriesChecksum, ulong Checksum)
{
    public const ulong ThisMagic = 0x4B41_504F_494C_4F46;
    public const int ThisFormat = 2;

    public static int Bytes => Unsafe.SizeOf<PackedFileHeader>();

    /// <summary>What the last field should be.</summary>
    public ulong ComputeChecksum() => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(new ReadOnlySpan<PackedFileHeader>(in this))[..^sizeof(ulong)]);
}

/// <summary>Where a weight's panels lie.</summary>
/// <param name="Key"><see cref="KeptWeights.KeyOf"/>.</param>
/// <param name="Offset">From the file's beginning; a multiple of <see cref="Page"/>.</param>
/// <param name="Bytes">Of the panels.</param>
internal readonly record struct PackedFileEntry(Guid Key, long Offset, long Bytes)
{
    public const int Page = 4096;

    /// <summary>The first page boundary that is not before an offset.</summary>
    public static long Align(long offset) => (offset + Page - 1) / Page * Page;
}
