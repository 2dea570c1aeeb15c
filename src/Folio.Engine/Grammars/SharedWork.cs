namespace Folio.Engine;

/// <summary>Work that several may ask for at once and that is done once. It goes on as long as one of them waits, and ends when nobody does. Thread-safe.</summary>
/// <remarks>Nothing is kept of work that is over: who asks for it again, after a failure too, begins it anew.</remarks>
internal sealed class SharedWork<T>
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Run> _runs = new(StringComparer.Ordinal);

    /// <param name="key">Equal keys mean the same work.</param>
    /// <param name="work">Given a token that is cancelled when nobody waits any more.</param>
    /// <param name="cancellation">Of this one's waiting.</param>
    public async Task<T> AskAsync(string key, Func<CancellationToken, Task<T>> work, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Run run = Join(key, work);
        try
        {
            return await run.Result.WaitAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            Leave(key, run);
        }
    }

    private Run Join(string key, Func<CancellationToken, Task<T>> work)
    {
        lock (_gate)
        {
            if (!_runs.TryGetValue(key, out Run? run))
            {
                var nobodyWaits = new CancellationTokenSource();
                _runs.Add(key, run = new(nobodyWaits, Task.Run(() => work(nobodyWaits.Token))));
            }

            run.Waiters++;
            return run;
        }
    }

    private void Leave(string key, Run run)
    {
        lock (_gate)
        {
            bool isLast = --run.Waiters == 0;
            if ((isLast || run.Result.IsCompleted) && _runs.TryGetValue(key, out Run? known) && known == run) _runs.Remove(key);
            if (!isLast) return;
        }

        run.NobodyWaits.Cancel();
        _ = run.Result.ContinueWith(static (ended, state) => // its failure, if any, is nobody's business now
        {
            _ = ended.Exception;
            ((CancellationTokenSource)state!).Dispose();
        }, run.NobodyWaits, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private sealed class Run(CancellationTokenSource nobodyWaits, Task<T> result)
    {
        public CancellationTokenSource NobodyWaits => nobodyWaits;

        public Task<T> Result => result;

        public int Waiters { get; set; }
    }
}
