using System.Runtime.InteropServices;

namespace Folio.Compute.Cpu.Emit;

/// <summary>Pages of machine code: written first, then executable and never writable again.</summary>
internal sealed unsafe partial class ExecutableMemory : IDisposable
{
    private const int ReadWrite = 1 | 2, ReadExecute = 1 | 4; // PROT_*
    private const int PrivateAnonymous = 0x22;                // MAP_PRIVATE | MAP_ANONYMOUS, Linux

    private readonly List<(nint Pages, nuint Bytes)> _mapped = [];

    /// <summary>Whether this system is one whose calls are known here.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <returns>Where the code can be called; null: the system denies executable pages.</returns>
    public void* TryAdd(ReadOnlySpan<byte> code)
    {
        nuint bytes = (nuint)code.Length;
        void* pages = Map(null, bytes, ReadWrite, PrivateAnonymous, -1, 0);
        if ((nint)pages == -1) return null;
        code.CopyTo(new Span<byte>(pages, code.Length));
        if (Protect(pages, bytes, ReadExecute) != 0)
        {
            Unmap(pages, bytes);
            return null;
        }

        _mapped.Add(((nint)pages, bytes));
        return pages;
    }

    public void Dispose()
    {
        foreach ((nint pages, nuint bytes) in _mapped) Unmap((void*)pages, bytes);
        _mapped.Clear();
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(void* address, nuint bytes, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(void* address, nuint bytes, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint bytes);
}
