using System.Diagnostics;

namespace Folio.Grammars;

/// <summary>Counts what a compilation costs, and ends it when that is too much or nobody waits any more.</summary>
internal sealed class Budget(GrammarLimits limits, CancellationToken cancellation)
{
    private const int BetweenLooks = 4096; // units of work, each well under a microsecond

    private readonly long _start = Stopwatch.GetTimestamp();
    private int _untilLook = BetweenLooks;

    public GrammarLimits Limits => limits;

    /// <exception cref="GrammarException">The time is up.</exception>
    /// <exception cref="OperationCanceledException">Nobody waits.</exception>
    public void Spend(int work = 1)
    {
        if ((_untilLook -= work) > 0) return;
        _untilLook = BetweenLooks;
        cancellation.ThrowIfCancellationRequested();
        if (Stopwatch.GetElapsedTime(_start) > limits.Timeout)
            throw new GrammarException(FormattableString.Invariant($"compiling the grammar took longer than {limits.Timeout.TotalSeconds:0.##} seconds; a smaller one is needed."));
    }
}
