using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Folio.Compute.Cpu;

/// <summary>Hints to the processor's caches.</summary>
internal static unsafe class CacheLine
{
    /// <summary>Starts loading the line of an address. Any address will do: it is a hint.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch(void* address)
    {
        if (Sse.IsSupported) Sse.Prefetch0(address);
    }
}
