using System.Runtime.InteropServices;

namespace Folio.Compute.Cpu.Emit;

/// <summary>Pages of memory whose rights can be changed, from Linux, macOS or Windows.</summary>
internal static unsafe partial class SystemPages
{
    private const int ReadWrite = 1 | 2, ReadExecute = 1 | 4;                  // PROT_*
    private const int Private = 2, AnonymousLinux = 0x20, AnonymousMac = 0x1000; // MAP_*
    private const uint Reserve = 0x3000, Release = 0x8000;                       // MEM_COMMIT | MEM_RESERVE, MEM_RELEASE
    private const uint PageReadWrite = 4, PageExecuteRead = 0x20;

    public static bool IsSupported => OperatingSystem.IsLinux() || OperatingSystem.IsMacOS() || OperatingSystem.IsWindows();

    /// <returns>Pages to read and write; null: there are none.</returns>
    public static void* TryAllocate(nuint bytes)
    {
        if (OperatingSystem.IsWindows()) return VirtualAlloc(null, bytes, Reserve, PageReadWrite);
        void* pages = Map(null, bytes, ReadWrite, Private | (OperatingSystem.IsMacOS() ? AnonymousMac : AnonymousLinux), -1, 0);
        return (nint)pages == -1 ? null : pages;
    }

    /// <summary>From now on they can be read and executed, and not written.</summary>
    /// <returns>False: the system denies it.</returns>
    public static bool TryMakeExecutable(void* pages, nuint bytes) =>
        OperatingSystem.IsWindows() ? VirtualProtect(pages, bytes, PageExecuteRead, out _) != 0 : Protect(pages, bytes, ReadExecute) == 0;

    public static void Free(void* pages, nuint bytes)
    {
        if (OperatingSystem.IsWindows()) VirtualFree(pages, 0, Release);
        else Unmap(pages, bytes);
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(void* address, nuint bytes, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(void* address, nuint bytes, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint bytes);

    [LibraryImport("kernel32")]
    private static partial void* VirtualAlloc(void* address, nuint bytes, uint kind, uint protection);

    [LibraryImport("kernel32")]
    private static partial int VirtualProtect(void* address, nuint bytes, uint protection, out uint before);

    [LibraryImport("kernel32")]
    private static partial int VirtualFree(void* address, nuint bytes, uint kind);
}
