using System.Globalization;

namespace Folio.Requests;

/// <summary>What one tenant may still ask for now. Any thread.</summary>
internal sealed class Allowance
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _clock;
    private readonly TokenBucket? _requests, _tokens;
    private readonly int _mostAtOnce;
    private int _atOnce;

    public Allowance(TenantLimits limits, TimeProvider clock)
    {
        _clock = clock;
        long now = clock.GetTimestamp();
        _requests = limits.RequestsPerMinute is { } requests ? new(requests, now) : null;
        _tokens = limits.TokensPerMinute is { } tokens ? new(tokens, now) : null;
        _mostAtOnce = limits.ConcurrentRequests ?? int.MaxValue;
    }

    /// <summary>Lets one request in, or says why not and after how long it may come again.</summary>
    /// <param name="tell">Gets the names and values of OpenAI's rate-limit headers, which tell what is left.</param>
    /// <returns>Null: it is in, and must <see cref="Leave"/>.</returns>
    public (string Reason, TimeSpan RetryAfter)? Enter(Action<string, string> tell)
    {
        lock (_lock)
        {
            Refill();
            (string, TimeSpan)? refusal = Refusal();
            if (refusal is null)
            {
                _requests?.Take(1);
                _atOnce++;
            }

            if (_requests is not null) Describe(tell, "requests", _requests);
            if (_tokens is not null) Describe(tell, "tokens", _tokens);
            return refusal;
        }
    }

    public void Leave()
    {
        lock (_lock) _atOnce--;
    }

    /// <summary>Takes tokens that were read or written. What they overdraw is waited for by the next request.</summary>
    public void Spend(int tokens)
    {
        if (_tokens is null || tokens == 0) return;
        lock (_lock)
        {
            Refill();
            _tokens.Take(tokens);
        }
    }

    private void Refill()
    {
        long now = _clock.GetTimestamp();
        _requests?.Refill(now, _clock);
        _tokens?.Refill(now, _clock);
    }

    private (string, TimeSpan)? Refusal() =>
        _atOnce >= _mostAtOnce ? ($"Rate limit reached: {_atOnce} requests with this tenant's keys run already, as many as may.", TimeSpan.FromSeconds(1))
        : _requests?.Until(1) is { Ticks: > 0 } forRequest ? ($"Rate limit reached: this tenant may send {_requests.PerMinute} requests a minute. Try again in {Seconds(forRequest)} s.", forRequest)
        : _tokens?.Until(1) is { Ticks: > 0 } forToken ? ($"Rate limit reached: this tenant may use {_tokens.PerMinute} tokens a minute. Try again in {Seconds(forToken)} s.", forToken)
        : null;

    /// <summary>Whole seconds, at least one, as Retry-After has them.</summary>
    public static int Seconds(TimeSpan time) => (int)Math.Max(1, Math.Ceiling(time.TotalSeconds));

    private static void Describe(Action<string, string> tell, string what, TokenBucket bucket)
    {
        tell($"x-ratelimit-limit-{what}", bucket.PerMinute.ToString(CultureInfo.InvariantCulture));
        tell($"x-ratelimit-remaining-{what}", bucket.Remaining.ToString(CultureInfo.InvariantCulture));
        tell($"x-ratelimit-reset-{what}", Duration(bucket.Until(bucket.PerMinute)));
    }

    /// <summary>As OpenAI writes them: 250ms, 6.5s, 2m3.5s.</summary>
    internal static string Duration(TimeSpan time) =>
        time < TimeSpan.FromSeconds(1) ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalMilliseconds)}ms")
        : string.Create(CultureInfo.InvariantCulture, $"{(time.TotalMinutes >= 1 ? $"{(int)time.TotalMinutes}m" : "")}{time.TotalSeconds % 60:0.###}s");
}
