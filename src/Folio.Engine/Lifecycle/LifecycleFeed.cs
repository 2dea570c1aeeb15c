using System.Collections.Concurrent;

namespace Folio.Engine;

/// <summary>Brings what happens to observed requests from whoever sees it, the loop above all, to their observers: in order, on a thread of its own.</summary>
/// <remarks>
/// Posting waits for nobody; the observers' thread looks for news by itself, because waking it could make the loop wait. Where observers are so slow that
/// <see cref="Most"/> events wait, further ones are dropped and counted, except those that end a request.
/// </remarks>
internal sealed class LifecycleFeed(Counter dropped, Action<string>? warning) : IDisposable
{
    private const int Most = 65_536;

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentQueue<(Action<RequestEvent> Observer, RequestEvent Happened)> _events = new();
    private readonly AutoResetEvent _news = new(false);
    private readonly Lock _delivering = new(), _starting = new();
    private Thread? _thread;
    private volatile bool _closing, _closed;
    private int _waiting;  // events not yet delivered
    private int _observed; // requests that have not ended

    /// <summary>How long <see cref="Dispose"/> waits for observers.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>One more request is observed. Not for the loop's thread.</summary>
    public void Enter()
    {
        Interlocked.Increment(ref _observed);
        lock (_starting)
        {
            if (_closing) return;
            if (_thread is null)
            {
                _thread = new Thread(Run) { IsBackground = true, Name = "folio-observers" };
                _thread.UnsafeStart(); // whose request this is, in traces and in scopes of the log, is not carried into what is told of all others
            }
        }

        _news.Set();
    }

    public void Post(Action<RequestEvent> observer, in RequestEvent happened)
    {
        bool ends = happened.Stage == RequestStage.Ended;
        if (Interlocked.Increment(ref _waiting) > Most && !ends)
        {
            Interlocked.Decrement(ref _waiting);
            dropped.Add(1);
            return;
        }

        _events.Enqueue((observer, happened));
        if (_closed) Deliver(); // the thread has gone, and the loop before it
    }

    /// <summary>Delivers what has been posted and ends the thread. Where an observer doesn't return, that is told and nothing waits for it.</summary>
    public void Dispose()
    {
        lock (_starting) _closing = true;
        _news.Set();
        if (_thread is null) Close();
        else if (!_thread.Join(Patience)) warning?.Invoke($"an observer of requests has not returned for {Patience.TotalSeconds:0.#} s; what it was still to be told may be lost.");
    }

    private void Run()
    {
        while (!_closing)
        {
            Deliver();
            _news.WaitOne(Volatile.Read(ref _observed) > 0 ? LookInterval : Timeout.InfiniteTimeSpan);
        }

        Close();
    }

    private void Close()
    {
        _closed = true;
        Interlocked.MemoryBarrier(); // whoever posts sees that it is closed, or its event is seen here
        Deliver();
    }

    private void Deliver()
    {
        lock (_delivering)
        {
            while (_events.TryDequeue(out (Action<RequestEvent> Observer, RequestEvent Happened) next))
            {
                Interlocked.Decrement(ref _waiting);
                if (next.Happened.Stage == RequestStage.Ended) Interlocked.Decrement(ref _observed);
                Tell(next.Observer, next.Happened);
            }
        }
    }

    /// <summary>An observer's defect is no request's: it is told, and the others are served.</summary>
    private void Tell(Action<RequestEvent> observer, in RequestEvent happened)
    {
        try
        {
            observer(happened);
        }
        catch (Exception error)
        {
            warning?.Invoke($"an observer of requests failed: {error.Message}");
        }
    }
}
