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
            if (IsFull || IsTooMuch(promptTokens)) return (_left ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            Take(promptTokens);
            return null;
        }
    }

    /// <exception cref="QueueFullException">There is no place.</exception>
    public void Enter(int promptTokens)
    {
        lock (_lock)
        {
            if (IsFull)
            {
                metrics.TooManyRequests.Add(1);
                throw new QueueFullException($"{_requests} requests wait already, as many as may (--max-waiting-requests, MaxWaitingRequests); try again later.");
            }

            if (IsTooMuch(promptTokens))
            {
                metrics.TooManyTokens.Add(1);
                throw new QueueFullException($"requests of {_tokens} prompt tokens wait already; with {promptTokens} more there would be more than {maxTokens} (--max-waiting-tokens, MaxWaitingTokens); try again later.");
            }

            Take(promptTokens);
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

    private bool IsFull => _requests >= maxRequests;

    /// <summary>Who would wait alone may be as long as it likes.</summary>
    private bool IsTooMuch(int promptTokens) => _requests > 0 && _tokens + promptTokens > maxTokens;

    private void Take(int promptTokens)
    {
        _requests++;
        _tokens += promptTokens;
    }
}
