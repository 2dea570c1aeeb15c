using System.Collections.Concurrent;

namespace Folio.Engine;

/// <summary>Who waits for the loop: requests that are in its hands, and calls between two steps. Any thread.</summary>
internal sealed class AwaitingLoop
{
    private readonly ConcurrentDictionary<SequenceGroup, string> _requests = new();
    private readonly ConcurrentDictionary<LoopCall, bool> _calls = new();

    public bool Any => !_requests.IsEmpty || !_calls.IsEmpty;

    public void Enter(SequenceGroup group, string id) => _requests[group] = id;

    public void Enter(LoopCall call) => _calls[call] = true;

    public void Leave(SequenceGroup group) => _requests.TryRemove(group, out _);

    public void Leave(LoopCall call) => _calls.TryRemove(call, out _);

    public (SequenceGroup Group, string Id)[] Requests() => [.. _requests.Select(request => (request.Key, request.Value))];

    /// <summary>Frees all of them. The loop keeps what it has of theirs; each reader's leaving tells it to let go, once it takes messages again.</summary>
    public void Fail(FolioException failure)
    {
        foreach ((SequenceGroup group, _) in _requests) group.Outlet.Complete(failure);
        foreach ((LoopCall call, _) in _calls) call.Abandon(failure);
    }
}

/// <summary>Something to be done on the loop's thread between two steps, and whoever waits for it.</summary>
internal sealed class LoopCall(Action action)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _taken; // 1: by the loop, or by whoever gave it up

    public Task Done => _done.Task;

    /// <param name="refusal">Why it can't be done; null: it is done.</param>
    public void Run(Exception? refusal)
    {
        if (Interlocked.Exchange(ref _taken, 1) == 1) return;
        try
        {
            if (refusal is not null) throw refusal;
            action();
            _done.TrySetResult();
        }
        catch (Exception error)
        {
            _done.TrySetException(error);
        }
    }

    /// <summary>Nobody waits for it any more, and it isn't done, unless it is being done already.</summary>
    public void Abandon(Exception failure)
    {
        Interlocked.Exchange(ref _taken, 1);
        _done.TrySetException(failure);
    }
}
