namespace Folio.Engine;

/// <summary>Bounds those that wait for their first step, by requests and by prompt tokens. Any thread.</summary>
internal sealed class WaitingRoom(int maxRequests, long maxTokens, EngineMetrics metrics)
{
    private readonly Lock _lock = new();
    private int _requests;
    private long _tokens;
    private TaskCompletionSource? _left; // null: nobody waits for somebody to leave

    /// <summary>Takes a place, if there is one.</summary>
    /// <returns>Null: it is in. Else what completes when somebody has left, and it may be tried again.</returns>
    public Task? TryEnter(int promptTokens)
    {
        lock (_lock)
        {
            if (_requests >= maxRequests || (_requests > 0 && _tokens + promptTokens > maxTokens)) return (_left ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            _requests++;
            _tokens += promptTokens;
            return null;
        }
    }

    /// <exception cref="QueueFullException">There is no place.</exception>
    public void Enter(int promptTokens)
    {
        lock (_lock)
        {
            if (_requests >= maxRequests)
            {
                metrics.TooManyRequests.Add(1);
                throw new QueueFullException($"{_requests} requests wait already, as many as may (--max-waiting-requests); try again later.");
            }

            if (_requests > 0 && _tokens + promptTokens > maxTokens)
            {
                metrics.TooManyTokens.Add(1);
                throw new QueueFullException($"requests of {_tokens} prompt tokens wait already; with {promptTokens} more there would be more than {maxTokens} (--max-waiting-tokens); try again later.");
            }

            _requests++;
            _tokens += promptTokens;
        }
    }

    public void Leave(int promptTokens)
    {
        lock (_lock)
        {
            _requests--;
            _tokens -= promptTokens;
            _left?.TrySetResult();
            _left = null;
        }
    }
}
