using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Folio.Compute.Cpu.Kept;

/// <summary>A weight in memory that is to be kept.</summary>
internal readonly unsafe struct KeptWeight(Guid key, byte* panels, long bytes)
{
    public Guid Key { get; } = key;

    public byte* Panels { get; } = panels;

    public long Bytes { get; } = bytes;
}

/// <summary>Writes packed weights under another name, brings them to the disk and renames the file: it appears whole or not at all, whoever else writes the same.</summary>
internal static unsafe class PackedFileWriter
{
    private const int Slice = 4 << 20; // between two looks at whether to go on
    private const long Flush = 64 << 20; // brought to the disk at once: giving up waits no longer than for these

    /// <param name="path">What the file is called in the end.</param>
    /// <param name="weights">In memory until this returns.</param>
    /// <exception cref="OperationCanceledException">Nothing is left behind, as with every exception.</exception>
    public static void Write(string path, Guid build, Guid origin, IReadOnlyList<KeptWeight> weights, CancellationToken cancellation)
    {
        PackedFileEntry[] entries = Place(weights, out long length);
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (FileStream stream = PrivateFile.Create(temporary, length, FileOptions.None))
            {
                long pending = 0;
                for (int i = 0; i < entries.Length; i++) Write(stream.SafeFileHandle, weights[i], entries[i].Offset, ref pending, cancellation);
                RandomAccess.SetLength(stream.SafeFileHandle, length);
                ReadOnlySpan<byte> table = MemoryMarshal.AsBytes(entries.AsSpan());
                RandomAccess.Write(stream.SafeFileHandle, table, PackedFileHeader.Bytes);
                var header = new PackedFileHeader(PackedFileHeader.ThisMagic, PackedFileHeader.ThisFormat, entries.Length, build, origin, length, XxHash3.HashToUInt64(table), 0);
                header = header with { Checksum = header.ComputeChecksum() };
                RandomAccess.Write(stream.SafeFileHandle, MemoryMarshal.AsBytes(new ReadOnlySpan<PackedFileHeader>(in header)), 0);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static PackedFileEntry[] Place(IReadOnlyList<KeptWeight> weights, out long length)
    {
        var entries = new PackedFileEntry[weights.Count];
        length = PackedFileHeader.Bytes + (long)entries.Length * Unsafe.SizeOf<PackedFileEntry>();
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = new(weights[i].Key, PackedFileEntry.Align(length), weights[i].Bytes);
            length = entries[i].Offset + entries[i].Bytes;
        }

        return entries;
    }

    private static void Write(SafeFileHandle file, KeptWeight weight, long offset, ref long pending, CancellationToken cancellation)
    {
        for (long done = 0; done < weight.Bytes; done += Slice)
        {
            cancellation.ThrowIfCancellationRequested();
            int bytes = (int)Math.Min(Slice, weight.Bytes - done);
            RandomAccess.Write(file, new ReadOnlySpan<byte>(weight.Panels + done, bytes), offset + done);
            pending += bytes;
            if (pending < Flush) continue;
            RandomAccess.FlushToDisk(file);
            pending = 0;
        }
    }
}
