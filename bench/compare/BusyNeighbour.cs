using System.Runtime.InteropServices;

namespace Folio.Compare;

/// <summary>A thread that keeps one core busy for as long as it lives.</summary>
internal sealed unsafe partial class BusyNeighbour : IDisposable
{
    private const int MaskWords = 16; // 1024 cores

    private readonly Thread _thread;
    private volatile bool _enough;

    public BusyNeighbour(int core)
    {
        _thread = new(() => Spin(core)) { IsBackground = true };
        _thread.Start();
    }

    public void Dispose()
    {
        _enough = true;
        _thread.Join();
    }

    private void Spin(int core)
    {
        ulong* mask = stackalloc ulong[MaskWords];
        mask[core / 64] = 1UL << (core % 64);
        if (SetAffinity(0, MaskWords * sizeof(ulong), mask) != 0) Console.Error.WriteLine($"the neighbour isn't bound to core {core}: {Marshal.GetLastPInvokeErrorMessage()}");
        while (!_enough) { }
    }

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static partial int SetAffinity(int thread, nuint bytes, ulong* mask);
}
