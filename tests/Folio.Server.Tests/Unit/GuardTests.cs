using Folio.Engine;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Folio.Server.Tests;

public sealed class GuardTests
{
    [Theory]
    [InlineData("Bearer second", true)]
    [InlineData("bearer first", true)]
    [InlineData("Bearer  first ", true)]
    [InlineData("Bearer firs", false)]
    [InlineData("Bearer ", false)]
    [InlineData("first", false)]
    [InlineData("Basic first", false)]
    [InlineData("", false)]
    public void Any_of_the_keys_opens_and_nothing_else(string header, bool admitted) => Assert.Equal(admitted, new ApiKeys(["first", "second"]).Admit(header, out _));

    [Fact]
    public void Without_keys_everyone_enters_and_is_nobody_in_particular()
    {
        Assert.True(new ApiKeys([]).Admit("Bearer any", out string holder));
        Assert.Empty(holder);
    }

    [Fact]
    public void Holders_are_told_apart_by_a_name_that_outlives_a_restart_and_is_not_the_key()
    {
        string first = HolderOf(["first", "second"], "first"), second = HolderOf(["first", "second"], "second");
        Assert.NotEqual(first, second);
        Assert.Equal(first, HolderOf(["other", "first"], "first"));
        Assert.DoesNotContain("first", first);
        Assert.False(new ApiKeys(["first"]).Admit("Bearer wrong", out string nobody));
        Assert.Empty(nobody);

        static string HolderOf(string[] keys, string key)
        {
            Assert.True(new ApiKeys(keys).Admit($"Bearer {key}", out string holder));
            return holder;
        }
    }

    [Fact]
    public void A_refusal_leaves_no_trace_in_the_log_and_a_failure_does()
    {
        using var drain = new Drain();
        var log = new CountingLog();
        var gate = new Gate(new(), drain, log);
        Exception[] refusals = [new QueueFullException("x"), new RoomPinnedException("x"), new RequestException("x"), ApiException.NotFound("x")];
        Assert.Equal([429, 503, 400, 404], refusals.Select(error => gate.Report(new DefaultHttpContext(), error).Error.Code));
        Assert.Equal(0, log.Lines);
        Assert.Equal(500, gate.Report(new DefaultHttpContext(), new RequestFailedException("x")).Error.Code);
        Assert.Equal(1, log.Lines);
    }

    [Fact]
    public async Task A_drain_waits_for_those_inside_and_lets_nobody_in()
    {
        using var drain = new Drain();
        Assert.True(drain.TryEnter());
        Task complete = drain.CompleteAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
        Assert.False(drain.TryEnter());
        Assert.False(complete.IsCompleted);
        drain.Leave();
        await complete.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.False(drain.Cut.IsCancellationRequested);
    }

    [Fact]
    public async Task After_its_grace_a_drain_cuts_off_what_is_left()
    {
        using var drain = new Drain();
        drain.TryEnter();
        await drain.CompleteAsync(TimeSpan.FromMilliseconds(20), CancellationToken.None);
        Assert.True(drain.Cut.IsCancellationRequested);
    }

    [Fact]
    public async Task Force_ends_the_wait_at_once()
    {
        using var drain = new Drain();
        drain.TryEnter();
        Task complete = drain.CompleteAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
        drain.Force();
        await complete.WaitAsync(TimeSpan.FromSeconds(10));
    }

    private sealed class CountingLog : ILogger
    {
        public int Lines { get; private set; }

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines++;

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;
    }
}
