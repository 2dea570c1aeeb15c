using System.IO.Hashing;
using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Folio.Compute.Cpu.Kept;

/// <summary>A file of packed weights, mapped: processes that serve the same model share its pages.</summary>
/// <remarks>
/// Nothing of the header is believed before it is checked. The panels themselves are not: no content of theirs can lead a kernel out of bounds, and a file is
/// only given its name once all of it is on the disk. A file that another process shortens while it is mapped faults on reading, as a checkpoint would; Folio
/// itself only ever replaces such files, which leaves what is mapped as it was.
/// </remarks>
internal sealed unsafe class PackedFile : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly Dictionary<Guid, PackedFileEntry> _entries = [];
    private readonly byte* _data;

    private PackedFile(FileStream stream, long length, PackedFileEntry[] entries)
    {
        foreach (PackedFileEntry entry in entries) _entries[entry.Key] = entry;
        Length = length;
        _file = MemoryMappedFile.CreateFromFile(stream, null, Length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        _view = _file.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _data);
    }

    public long Length { get; }

    /// <param name="build">Of this process's packer.</param>
    /// <param name="origin">Digest of the checkpoint's origin.</param>
    /// <param name="problem">What is wrong with the file, as the rest of a sentence; null where another build or another state of the checkpoint left it.</param>
    /// <returns>Null: it can't be used.</returns>
    public static PackedFile? TryOpen(string path, Guid build, Guid origin, out string? problem)
    {
        FileStream? stream = null;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
            problem = Check(stream.SafeFileHandle, out PackedFileHeader header, out PackedFileEntry[] entries);
            if (problem is null && header.Build == build && header.Origin == origin)
            {
                var file = new PackedFile(stream, header.Length, entries);
                stream = null;
                return file;
            }
        }
        catch (Exception e) when (PrivateFile.IsRefusal(e))
        {
            problem = $"it can't be read ({e.Message})";
        }
        finally
        {
            stream?.Dispose();
        }

        return null;
    }

    /// <returns>The panels; null: they are not there.</returns>
    public byte* Find(Guid key, long bytes) => _entries.TryGetValue(key, out PackedFileEntry entry) && entry.Bytes == bytes ? _data + _view.PointerOffset + entry.Offset : null;

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    /// <summary>Every number is checked before it sizes or addresses anything.</summary>
    private static string? Check(SafeFileHandle file, out PackedFileHeader header, out PackedFileEntry[] entries)
    {
        header = default;
        entries = [];
        long length = RandomAccess.GetLength(file);
        if (!TryReadAll(file, MemoryMarshal.AsBytes(new Span<PackedFileHeader>(ref header)), 0) || header.Magic != PackedFileHeader.ThisMagic) return "it is not a file of packed weights";
        if (header.Format != PackedFileHeader.ThisFormat) return $"it is of format {header.Format}; this version of Folio reads format {PackedFileHeader.ThisFormat}";
        if (header.Checksum != header.ComputeChecksum()) return "its header is damaged";
        if (header.Length != length) return $"it has {length} bytes; {header.Length} were written";
        if (header.Weights < 0 || header.Weights > (length - PackedFileHeader.Bytes) / Unsafe.SizeOf<PackedFileEntry>()) return $"it can't hold {header.Weights} weights";
        entries = new PackedFileEntry[header.Weights];
        Span<byte> table = MemoryMarshal.AsBytes(entries.AsSpan());
        if (!TryReadAll(file, table, PackedFileHeader.Bytes) || XxHash3.HashToUInt64(table) != header.EntriesChecksum) return "its table is damaged";
        foreach (PackedFileEntry entry in entries)
        {
            if (entry.Offset < 0 || entry.Offset % PackedFileEntry.Page != 0 || entry.Offset > length || entry.Bytes < 0 || entry.Bytes > length - entry.Offset) return "its table points outside the file";
        }

        return null;
    }

    private static bool TryReadAll(SafeFileHandle file, Span<byte> bytes, long offset)
    {
        for (int read; bytes.Length > 0; bytes = bytes[read..], offset += read)
        {
            read = RandomAccess.Read(file, bytes, offset);
            if (read == 0) return false;
        }

        return true;
    }
}
