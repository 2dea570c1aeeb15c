using System.Runtime.InteropServices;

namespace Folio.Compare;

/// <summary>A thread that keeps one core busy for as long as it lives.</summary>
internal sealed unsafe partial class BusyNeighbour : IDisposable
{
    private const int MaskWords = 16; // 1024 cores

    private readonly Thread _thread;
    private readonly TaskCompletionSource<string?> _bound = new(); // why it couldn't be; null: it is
    private volatile bool _enough;

    /// <exception cref="FolioException">The system doesn't bind it to the core.</exception>
    public BusyNeighbour(int core)
    {
        _thread = new(() => Spin(core)) { IsBackground = true };
        _thread.Start();
        if (_bound.Task.GetAwaiter().GetResult() is not { } refusal) return;
        Dispose();
        throw new FolioException($"the busy neighbour can't be bound to core {core}: {refusal}.");
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
        _bound.SetResult(SetAffinity(0, MaskWords * sizeof(ulong), mask) == 0 ? null : Marshal.GetLastPInvokeErrorMessage());
        while (!_enough) { }
    }

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static partial int SetAffinity(int thread, nuint bytes, ulong* mask);
}
