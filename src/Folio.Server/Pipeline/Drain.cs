namespace Folio.Server;

/// <summary>Counts the requests in flight, and at the end lets them finish while it turns new ones away.</summary>
internal sealed class Drain : IDisposable
{
    private readonly CancellationTokenSource _cut = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _inFlight;
    private volatile bool _draining;

    /// <summary>New requests are refused.</summary>
    public bool IsDraining => _draining;

    /// <summary>Requests that have not been answered.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Cancelled when the requests in flight may run no longer.</summary>
    public CancellationToken Cut => _cut.Token;

    /// <returns>False: the request must be refused.</returns>
    public bool TryEnter()
    {
        Interlocked.Increment(ref _inFlight); // before the look at the flag, so that none slips between
        if (!_draining) return true;
        Leave();
        return false;
    }

    public void Leave()
    {
        if (Interlocked.Decrement(ref _inFlight) == 0 && _draining) _empty.TrySetResult();
    }

    /// <summary>Refuses new requests and waits for those in flight; after <paramref name="grace"/>, or when told to hurry, they are cancelled.</summary>
    public async Task CompleteAsync(TimeSpan grace, CancellationToken hurry)
    {
        _draining = true;
        Interlocked.MemoryBarrier(); // the last request to leave sees the flag, or this sees that it has left
        if (InFlight == 0) return;
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(hurry, _cut.Token);
        try
        {
            await _empty.Task.WaitAsync(grace, wait.Token);
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException)
        {
            await _cut.CancelAsync();
        }
    }

    /// <summary>Cancels the requests in flight, and with that ends the wait of <see cref="CompleteAsync"/>.</summary>
    public void Force() => _cut.Cancel();

    public void Dispose() => _cut.Dispose();
}
