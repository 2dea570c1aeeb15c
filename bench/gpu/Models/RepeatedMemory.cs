using System.Runtime.InteropServices;

namespace Folio.GpuBench;

/// <summary>Memory whose end shows the same pages over and over: it looks as large as a model, and takes a part of that.</summary>
internal sealed unsafe partial class RepeatedMemory : IDisposable
{
    private const int Read = 1, Write = 2, Shared = 1, Private = 2, Fixed = 16, Anonymous = 32, NoReserve = 0x4000;
    private readonly nint _data;
    private readonly long _bytes;

    /// <param name="ownBytes">At the beginning, with pages of their own; whole pages.</param>
    /// <param name="repeatedBytes">Behind them.</param>
    /// <param name="period">Whole pages.</param>
    /// <param name="fill">Is given the pages that repeat, to fill them.</param>
    public RepeatedMemory(long ownBytes, long repeatedBytes, long period, Action<nint, long> fill)
    {
        _bytes = ownBytes + (repeatedBytes + period - 1) / period * period;
        _data = Mapped(mmap(0, (nuint)_bytes, Read | Write, Private | Anonymous | NoReserve, -1, 0));
        int file = memfd_create("weights", 0);
        if (file < 0 || ftruncate(file, period) != 0) throw new FolioException($"{SizeText.Of(period)} of memory for weights can't be had (error {Marshal.GetLastPInvokeError()}).");
        for (long at = ownBytes; at < _bytes; at += period) Mapped(mmap(_data + (nint)at, (nuint)period, Read | Write, Shared | Fixed, file, 0));
        _ = close(file);
        fill(_data + (nint)ownBytes, period);
    }

    public byte* Data => (byte*)_data;

    public void Dispose() => _ = munmap(_data, (nuint)_bytes);

    private static nint Mapped(nint address) => address != -1 ? address : throw new FolioException($"memory for weights can't be mapped (error {Marshal.GetLastPInvokeError()}).");

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int munmap(nint address, nuint length);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ftruncate(int file, long length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int file);
}
