using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Folio.Engine;

/// <summary>The first bytes of a file of kept prefixes, in the byte order of the machine; another order spoils the magic.</summary>
/// <param name="Magic">"FOLIO-KV".</param>
/// <param name="Format">Of this file, counted up with every change of it.</param>
/// <param name="Records">Blocks that it keeps.</param>
/// <param name="Folio">Digest of the version of Folio that wrote it: kernels may sum in another order from one to the next.</param>
/// <param name="Fingerprint">The model, its weights and the layout of an image.</param>
/// <param name="TableChecksum">Of all records and tokens.</param>
/// <param name="Checksum">Of everything before.</param>
internal readonly record struct PrefixFileHeader(
    ulong Magic, int Format, int BlockSize, int BytesPerBlock, int Records, Digest Folio, Digest Fingerprint, ulong TableChecksum, ulong Checksum)
{
    public static int Bytes => Unsafe.SizeOf<PrefixFileHeader>();

    /// <summary>What the last field should be.</summary>
    public ulong ComputeChecksum() => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(new ReadOnlySpan<PrefixFileHeader>(in this))[..^sizeof(ulong)]);
}

/// <summary>Where things lie in a file of kept prefixes: the header, the images, each on a page, and last the records and their tokens. The file ends there.</summary>
internal readonly record struct PrefixFileLayout(int BlockSize, int BytesPerBlock)
{
    private const int Page = 4096;

    private long Stride => ((long)BytesPerBlock + Page - 1) / Page * Page;

    public long Image(int record) => Page + record * Stride;

    public long Table(int records) => Image(records);

    public long Length(int records) => Table(records) + (long)records * PrefixTable.RecordBytes(BlockSize);

    /// <summary>The records that a file of so many bytes has room for.</summary>
    public int RecordsIn(long bytes) => (int)Math.Clamp((bytes - Page) / (Stride + PrefixTable.RecordBytes(BlockSize)), 0, Array.MaxLength / BlockSize);
}

internal static class FileReading
{
    /// <returns>False where the file ends too early.</returns>
    public static bool TryReadAll(this SafeFileHandle file, Span<byte> bytes, long offset)
    {
        while (bytes.Length > 0)
        {
            int read = RandomAccess.Read(file, bytes, offset);
            if (read == 0) return false;
            bytes = bytes[read..];
            offset += read;
        }

        return true;
    }
}
