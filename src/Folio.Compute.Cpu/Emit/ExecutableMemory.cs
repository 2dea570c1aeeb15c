using System.Runtime.InteropServices;

namespace Folio.Compute.Cpu.Emit;

/// <summary>Pages of machine code: written first, then executable and never writable again.</summary>
internal sealed unsafe class ExecutableMemory : IDisposable
{
    private readonly List<(nint Pages, nuint Bytes)> _pages = [];

    /// <summary>Whether code is emitted for this processor, and this system's calls are known here.</summary>
    public static bool IsSupported => SystemPages.IsSupported && RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <returns>Where the code can be called; null: the system denies executable pages.</returns>
    public void* TryAdd(ReadOnlySpan<byte> code)
    {
        nuint bytes = (nuint)code.Length;
        void* pages = SystemPages.TryAllocate(bytes);
        if (pages == null) return null;
        code.CopyTo(new Span<byte>(pages, code.Length));
        if (!SystemPages.TryMakeExecutable(pages, bytes))
        {
            SystemPages.Free(pages, bytes);
            return null;
        }

        _pages.Add(((nint)pages, bytes));
        return pages;
    }

    public void Dispose()
    {
        foreach ((nint pages, nuint bytes) in _pages) SystemPages.Free((void*)pages, bytes);
        _pages.Clear();
    }
}
