namespace Folio.Server.Tests;

public sealed class AllowanceTests
{
    private readonly HandClock _clock = new();

    [Fact]
    public void Requests_beyond_the_minutes_share_wait_for_it_to_come_back()
    {
        Allowance allowance = New(new() { RequestsPerMinute = 3 });
        for (int i = 0; i < 3; i++) Assert.Null(Enter(allowance));
        Assert.Equal(TimeSpan.FromSeconds(20), Enter(allowance)!.Value.RetryAfter);
        _clock.Advance(TimeSpan.FromSeconds(19));
        Assert.NotNull(Enter(allowance));
        _clock.Advance(TimeSpan.FromSeconds(1.001));
        Assert.Null(Enter(allowance));
        Assert.NotNull(Enter(allowance));
        _clock.Advance(TimeSpan.FromHours(1));
        for (int i = 0; i < 3; i++) Assert.Null(Enter(allowance)); // and no more than a minute's
        Assert.NotNull(Enter(allowance));
    }

    [Fact]
    public void Tokens_that_were_overdrawn_are_waited_for()
    {
        Allowance allowance = New(new() { TokensPerMinute = 600 });
        Assert.Null(Enter(allowance));
        allowance.Spend(1000);
        Assert.Equal(41, Allowance.Seconds(Enter(allowance)!.Value.RetryAfter)); // 401 tokens at 10 a second
        _clock.Advance(TimeSpan.FromSeconds(41));
        Assert.Null(Enter(allowance));
    }

    [Fact]
    public void So_many_run_at_once_and_who_leaves_makes_room()
    {
        Allowance allowance = New(new() { ConcurrentRequests = 2 });
        Assert.Null(Enter(allowance));
        Assert.Null(Enter(allowance));
        Assert.Contains("2 requests", Enter(allowance)!.Value.Reason);
        allowance.Leave();
        Assert.Null(Enter(allowance));
    }

    [Fact]
    public void What_is_refused_takes_nothing()
    {
        Allowance allowance = New(new() { RequestsPerMinute = 60, ConcurrentRequests = 1 });
        Assert.Null(Enter(allowance));
        for (int i = 0; i < 100; i++) Assert.NotNull(Enter(allowance));
        allowance.Leave();
        Assert.Null(Enter(allowance));
    }

    [Fact]
    public void Openais_headers_tell_what_is_left()
    {
        var headers = new Dictionary<string, string>();
        Allowance allowance = New(new() { RequestsPerMinute = 60, TokensPerMinute = 6000 });
        allowance.Enter((name, value) => headers[name] = value);
        allowance.Spend(100);
        allowance.Enter((name, value) => headers[name] = value);
        Assert.Equal(
            ["60", "58", "2s", "6000", "5900", "1s"],
            new[] { "limit-requests", "remaining-requests", "reset-requests", "limit-tokens", "remaining-tokens", "reset-tokens" }.Select(name => headers[$"x-ratelimit-{name}"]));
    }

    [Theory]
    [InlineData(0, "0ms")]
    [InlineData(0.25, "250ms")]
    [InlineData(6.5, "6.5s")]
    [InlineData(123.5, "2m3.5s")]
    public void Durations_are_written_as_openai_writes_them(double seconds, string expected) => Assert.Equal(expected, Allowance.Duration(TimeSpan.FromSeconds(seconds)));

    private Allowance New(TenantLimits limits) => new(limits, _clock);

    private static (string Reason, TimeSpan RetryAfter)? Enter(Allowance allowance) => allowance.Enter((_, _) => { });

    /// <summary>A clock that is moved by hand.</summary>
    private sealed class HandClock : TimeProvider
    {
        private long _ticks = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan time) => _ticks += time.Ticks;
    }
}
