using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace Folio.Formats;

/// <summary>The bytes of one file, mapped into memory (or lent by the caller), readable until disposed.</summary>
/// <remarks>A file that another process shortens while it is mapped faults on reading: the same holds for every engine that maps its weights.</remarks>
internal sealed unsafe partial class FileBytes : IDisposable
{
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _data;
    private bool _disposed;

    /// <summary>Bytes that the caller keeps in place for as long as this lives.</summary>
    public FileBytes(byte* data, long length, string name)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        _data = data;
        (Length, Name) = (length, name);
    }

    private FileBytes(MemoryMappedFile file, MemoryMappedViewAccessor view, long length, string path)
    {
        (_file, _view, Length, Name, Path) = (file, view, length, System.IO.Path.GetFileName(path), path);
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref _data);
        _data += view.PointerOffset;
    }

    /// <summary>The file's name without its folder, as messages show it.</summary>
    public string Name { get; }

    /// <summary>Where it lies; null where the caller lent the bytes.</summary>
    public string? Path { get; }

    public long Length { get; }

    public byte* Data
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, Name);
            return _data;
        }
    }

    public static FileBytes Map(string path)
    {
        string name = System.IO.Path.GetFileName(path);
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            long length = stream.Length;
            if (length == 0) throw new ModelFormatException(name, "the file is empty.");

            var file = MemoryMappedFile.CreateFromFile(stream, null, length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            return new FileBytes(file, file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read), length, path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelFormatException(path, "there is no such file.", e);
        }
        catch (Exception e) when (PrivateFile.IsRefusal(e))
        {
            throw new ModelFormatException(path, $"the file can't be read: {e.Message}", e);
        }
    }

    /// <summary>The whole file, for formats that are text.</summary>
    public ReadOnlySpan<byte> Text(int mostBytes)
    {
        if (Length > mostBytes) throw new ModelFormatException(Name, $"the file has {Length:N0} bytes; at most {mostBytes:N0} are read.");
        return new ReadOnlySpan<byte>(Data, (int)Length);
    }

    /// <summary>Refuses what people often have in place of the weights: the text stub that Git leaves without its LFS extension.</summary>
    public void RefuseLfsPointer()
    {
        if (new ReadOnlySpan<byte>(Data, (int)Math.Min(Length, 1024)).StartsWith("version https://git-lfs"u8))
        {
            throw new ModelFormatException(Name, "this is a Git LFS pointer, not the file itself; `git lfs pull` fetches it.");
        }
    }

    /// <summary>Gives back the memory of bytes that nobody will read soon. Whoever does reads them from the file again.</summary>
    public void Release(long offset, long bytes)
    {
        if (_view is null || !OperatingSystem.IsLinux()) return;
        nint first = (nint)(Data + offset) + Environment.SystemPageSize - 1 & -Environment.SystemPageSize, end = (nint)(Data + offset + bytes) & -Environment.SystemPageSize;
        if (end > first) _ = Advise((void*)first, (nuint)(end - first), DontNeed);
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        if (_view is null) return;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file!.Dispose();
    }

    private const int DontNeed = 4; // MADV_DONTNEED

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint bytes, int advice);
}
