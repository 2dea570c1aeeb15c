using System.Diagnostics;

namespace Folio.Engine;

/// <summary>Notices from outside that requests wait and the loop ends no step: a kernel or a device that hangs, a lock, an endless plan.</summary>
/// <remarks>
/// The loop itself only counts its steps; a timer compares. Nothing is undone here: the loop's state is the loop's, and a step that returns after all goes on from it. What is done at once is to free those who wait.
/// </remarks>
internal sealed class Watchdog : IDisposable
{
    private readonly TimeSpan _patience;
    private readonly Func<(long Steps, long Turns)> _read;
    private readonly Func<bool> _isWaitedFor;
    private readonly Action<TimeSpan> _stalled;
    private readonly Action<TimeSpan> _recovered;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private long _steps;     // at the last look
    private long _since;     // when they were first so many, or first waited for
    private long _stalledAt; // the turn in which the standstill was noticed
    private bool _isStalled;

    /// <param name="patience">How long a step may take.</param>
    /// <param name="read">Steps that have computed something, and the loop's turns, in which it may also have done nothing.</param>
    /// <param name="isWaitedFor">Whether anybody waits for a step.</param>
    /// <param name="stalled">Called once for each standstill, with its length so far.</param>
    /// <param name="recovered">Called once after it, with its length.</param>
    public Watchdog(TimeSpan patience, Func<(long Steps, long Turns)> read, Func<bool> isWaitedFor, Action<TimeSpan> stalled, Action<TimeSpan> recovered)
    {
        (_patience, _read, _isWaitedFor, _stalled, _recovered) = (patience, read, isWaitedFor, stalled, recovered);
        (_steps, _since) = (read().Steps, Stopwatch.GetTimestamp());
        TimeSpan interval = TimeSpan.FromTicks(Math.Clamp(patience.Ticks / 10, TimeSpan.TicksPerMillisecond, TimeSpan.TicksPerSecond));
        _timer = TimeProvider.System.CreateTimer(_ => Look(), null, interval, interval);
    }

    /// <summary>Whether the loop is still in the turn in which its standstill was noticed.</summary>
    public bool IsStalled => Volatile.Read(ref _isStalled) && _read().Turns == Volatile.Read(ref _stalledAt);

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        lock (_lock)
        {
            (long steps, long turns) = _read();
            TimeSpan still = Stopwatch.GetElapsedTime(_since);
            if (_isStalled)
            {
                if (turns == _stalledAt) return;
                Volatile.Write(ref _isStalled, false);
                (_steps, _since) = (steps, Stopwatch.GetTimestamp());
                _recovered(still);
            }
            else if (steps != _steps || !_isWaitedFor())
            {
                (_steps, _since) = (steps, Stopwatch.GetTimestamp());
            }
            else if (still >= _patience)
            {
                Volatile.Write(ref _stalledAt, turns);
                Volatile.Write(ref _isStalled, true);
                _stalled(still);
            }
        }
    }
}
