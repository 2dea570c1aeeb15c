namespace Folio.Engine;

/// <summary>Standing still when told to.</summary>
internal sealed partial class EngineLoop
{
    private readonly List<SequenceGroup> _held = []; // came while the others are being finished
    private volatile TaskCompletionSource? _quiet;   // set while the others are being finished
    private volatile bool _isPaused;

    /// <summary>It runs no step, or finishes what is there and then runs none. Any thread.</summary>
    public bool IsPaused => _isPaused || IsPausing;

    private bool IsPausing => _quiet is not null;

    /// <summary>On the loop's thread.</summary>
    /// <returns>Completes when no step is run any more.</returns>
    public Task Pause(PauseMode mode)
    {
        if (mode == PauseMode.Wait && !_isPaused)
        {
            _quiet ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _quiet.Task;
        }

        if (mode == PauseMode.Abort) AbortForPause();
        Rest();
        return Task.CompletedTask;
    }

    /// <summary>On the loop's thread.</summary>
    public void Resume()
    {
        Rest();
        _isPaused = false;
    }

    /// <summary>Whether a newcomer waits outside until the loop is paused or resumed.</summary>
    private bool Holds(SequenceGroup group)
    {
        if (IsPausing) _held.Add(group);
        return IsPausing;
    }

    /// <summary>Whether there is no step to be run now.</summary>
    private bool Pauses()
    {
        if (IsPausing && scheduler.Running + scheduler.Waiting == 0) Rest();
        if (!_isPaused) return false;
        PublishQueues();
        return true;
    }

    /// <summary>From here on it is paused, and newcomers wait where they always do.</summary>
    private void Rest()
    {
        EndInFlight();
        _isPaused = true;
        foreach (SequenceGroup group in _held) Add(group);
        _held.Clear();
        _quiet?.TrySetResult();
        _quiet = null;
    }

    private void AbortForPause()
    {
        foreach (SequenceGroup group in scheduler.Groups().Concat(_held).ToArray())
        {
            if (_held.Remove(group)) Add(group);
            if (group.State != GroupState.Pinned) Fail(group, new EngineUnavailableException("the server was paused before this request was finished; send it again later."));
        }
    }
}
