namespace Folio.Engine;

/// <summary>Bounds those that wait for their first step, by requests and by prompt tokens. Any thread.</summary>
internal sealed class WaitingRoom(int maxRequests, long maxTokens, EngineMetrics metrics)
{
    private readonly Lock _lock = new();
    private int _requests;
    private long _tokens;

    /// <summary>Whether a request would find a place now.</summary>
    public bool HasRoom(int promptTokens)
    {
        lock (_lock) return _requests < maxRequests && (_requests == 0 || _tokens + promptTokens <= maxTokens);
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
        }
    }
}
