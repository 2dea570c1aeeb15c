using System.Text;
using Folio.Engine;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Folio.Server.Tests;

public sealed class GuardTests
{
    private static readonly ServerOptions TwoKeys = new() { ApiKeys = ["first", "second"] };

    [Theory]
    [InlineData("Bearer second", true)]
    [InlineData("bearer first", true)]
    [InlineData("Bearer  first ", true)]
    [InlineData("Bearer firs", false)]
    [InlineData("Bearer ", false)]
    [InlineData("first", false)]
    [InlineData("Basic first", false)]
    [InlineData("", false)]
    public void Any_of_the_keys_opens_and_nothing_else(string header, bool admitted) => Assert.Equal(admitted, HolderOf(TwoKeys, header) is not null);

    [Theory]
    [InlineData("", "second", true)]
    [InlineData("", "wrong", false)]
    [InlineData("Bearer wrong", "second", false)]
    public void Anthropics_header_opens_where_openais_is_absent(string authorization, string apiKey, bool admitted) => Assert.Equal(admitted, HolderOf(TwoKeys, authorization, apiKey) is not null);

    [Fact]
    public void Without_keys_everyone_enters_and_is_nobody_in_particular() => Assert.Equal("", HolderOf(new(), "Bearer any"));

    [Fact]
    public void Holders_are_told_apart_by_a_name_that_outlives_a_restart_and_is_not_the_key()
    {
        string first = HolderOf(TwoKeys, "Bearer first")!, second = HolderOf(TwoKeys, "Bearer second")!;
        Assert.NotEqual(first, second);
        Assert.Equal(first, HolderOf(new() { ApiKeys = ["other", "first"] }, "Bearer first"));
        Assert.DoesNotContain("first", first);
    }

    [Fact]
    public void Keys_of_one_tenant_are_one_holder_and_have_its_limits()
    {
        var options = new ServerOptions
        {
            TenantKeys = [TenantKey.Of("team", "old"), TenantKey.Of("team", "new"), TenantKey.Of("ops", "root")],
            TenantLimits = new Dictionary<string, TenantLimits> { ["team"] = new() { RequestsPerMinute = 5 } },
        };
        var keys = new ApiKeys(options);
        Holder old = keys.Find("old")!, other = keys.Find("new")!, ops = keys.Find("root")!;
        Assert.Equal(("team", "team", "ops"), (old.Name, other.Name, ops.Name));
        Assert.NotNull(old.Allowance);
        Assert.Same(old.Allowance, other.Allowance);
        Assert.Null(ops.Allowance);
        Assert.Equal(2, keys.Holders);
    }

    [Fact]
    public void What_touches_everybody_takes_an_admins_key_unless_its_holder_is_alone()
    {
        var many = new ApiKeys(new() { ApiKeys = ["plain"], TenantKeys = [new TenantKey("ops", TenantKey.Hash("root")) { IsAdmin = true }] });
        Assert.True(many.MayAdminister(many.Find("root")!));
        Assert.False(many.MayAdminister(many.Find("plain")!));
        var one = new ApiKeys(new() { ApiKeys = ["plain"] });
        Assert.True(one.MayAdminister(one.Find("plain")!));
        Assert.True(new ApiKeys(new()).MayAdminister(Holder.Anybody));
    }

    [Fact]
    public void A_refusal_leaves_no_trace_in_the_log_and_a_failure_does()
    {
        using var drain = new Drain();
        var log = new CountingLog();
        Gate gate = NewGate(drain, log);
        Exception[] refusals = [new QueueFullException("x"), new RoomPinnedException("x"), new EngineUnavailableException("x"), new RequestException("x"), ApiException.NotFound("x")];
        Assert.Equal([429, 503, 503, 400, 404], refusals.Select(error => gate.Report(new DefaultHttpContext(), error).Error.Code));
        Assert.Equal(0, log.Lines);
        Assert.Equal(500, gate.Report(new DefaultHttpContext(), new RequestFailedException("x")).Error.Code);
        Assert.Equal(1, log.Lines);
    }

    [Fact]
    public async Task What_a_handler_throws_is_told_to_the_log_and_not_to_the_client()
    {
        using var drain = new Drain();
        var log = new CountingLog();
        var context = new DefaultHttpContext();
        var body = new MemoryStream();
        context.Response.Body = body;
        await NewGate(drain, log).Guard(_ => throw new InvalidOperationException("/home/someone/model.bin at 0x7f001234"))(context);
        string text = Encoding.UTF8.GetString(body.ToArray());
        Assert.Equal(500, context.Response.StatusCode);
        Assert.Equal("""{"error":{"message":"Internal error: the server's log has the details.","type":"InternalServerError","param":null,"code":500}}""", text);
        Assert.Equal("nosniff", context.Response.Headers.XContentTypeOptions);
        Assert.Equal(1, log.Lines);
    }

    [Theory]
    [InlineData("", "127.0.0.1:8000", "127.0.0.1", false)]
    [InlineData("http://127.0.0.1:8000", "127.0.0.1:8000", "127.0.0.1", false)]
    [InlineData("http://localhost:8000", "localhost:8000", "127.0.0.1", false)]
    [InlineData("http://evil.example", "127.0.0.1:8000", "127.0.0.1", true)]
    [InlineData("null", "127.0.0.1:8000", "127.0.0.1", true)]
    [InlineData("http://evil.example:8000", "evil.example:8000", "127.0.0.1", true)] // a name made to lead here
    [InlineData("http://box.example:8000", "box.example:8000", "10.0.0.5", false)]
    [InlineData("https://chat.example", "127.0.0.1:8000", "127.0.0.1", false, "https://chat.example")]
    [InlineData("https://other.example", "127.0.0.1:8000", "127.0.0.1", true, "https://chat.example")]
    [InlineData("https://other.example", "127.0.0.1:8000", "127.0.0.1", false, "*")]
    public void A_page_of_somebody_elses_is_told_by_its_origin(string origin, string host, string here, bool foreign, params string[] allowed)
    {
        var context = new DefaultHttpContext();
        if (origin.Length > 0) context.Request.Headers.Origin = origin;
        context.Request.Host = new(host);
        context.Connection.LocalIpAddress = System.Net.IPAddress.Parse(here);
        Assert.Equal(foreign, BrowserOrigin.IsForeign(context, allowed));
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

    private static Gate NewGate(Drain drain, ILogger log) => new(new(), new ApiKeys(new()), drain, log);

    private static string? HolderOf(ServerOptions options, string authorization, string apiKey = "") => new ApiKeys(options).Find(ApiKeys.Sent(authorization, apiKey))?.Name;

    private sealed class CountingLog : ILogger
    {
        public int Lines { get; private set; }

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines++;

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;
    }
}
