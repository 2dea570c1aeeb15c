using System.Runtime.InteropServices;

namespace Folio.Compute.Cpu.Emit;

/// <summary>The right to use the tile registers (AMX): Linux saves their 8 KB only for processes that asked (kernel documentation, arch/x86/xstate).</summary>
internal static partial class TilePermission
{
    private const int ArchPrctl = 158, RequestPermission = 0x1023, TileData = 18; // of the system calls; of its requests; of the states of XCR0

    /// <summary>Asked for once. Ask only where the processor has tiles; the system refuses where it doesn't save them.</summary>
    public static bool Granted { get; } = OperatingSystem.IsLinux() && Call(ArchPrctl, RequestPermission, TileData) == 0;

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint Call(nint number, nint request, nint state);
}
