namespace Folio.Requests;

/// <summary>So many of something a minute: a bucket that starts full, is refilled evenly, and may be overdrawn. Its owner locks.</summary>
internal sealed class TokenBucket(int perMinute, long now)
{
    private double _level = perMinute;
    private long _at = now;

    public int PerMinute => perMinute;

    /// <summary>What may be taken at once; 0 where it is overdrawn.</summary>
    public int Remaining => (int)Math.Max(0, _level);

    /// <param name="now">A timestamp of <paramref name="clock"/>.</param>
    public void Refill(long now, TimeProvider clock)
    {
        _level = Math.Min(perMinute, _level + perMinute * clock.GetElapsedTime(_at, now).TotalMinutes);
        _at = now;
    }

    public void Take(double amount) => _level -= amount;

    /// <summary>Until it holds so much again.</summary>
    public TimeSpan Until(double amount) => TimeSpan.FromMinutes(Math.Max(0, (amount - _level) / perMinute));
}
