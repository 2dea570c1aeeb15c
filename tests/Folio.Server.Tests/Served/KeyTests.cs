namespace Folio.Server.Tests;

/// <summary>Tenants with limits, and those who may do what touches everybody.</summary>
public sealed class KeyTests(DemoEngine demo)
{
    [Fact]
    public async Task A_tenant_beyond_its_requests_is_told_when_to_come_again_and_another_notices_nothing()
    {
        await using Server server = await StartAsync(new() { RequestsPerMinute = 2 });
        for (int i = 0; i < 2; i++)
        {
            Reply reply = (await server.As("limited").CompleteAsync(new { prompt = "Once", max_tokens = 1 })).Ok();
            Assert.Equal(("2", $"{1 - i}"), (Header(reply, "x-ratelimit-limit-requests"), Header(reply, "x-ratelimit-remaining-requests")));
        }

        Reply refused = (await server.CompleteAsync(new { prompt = "Once", max_tokens = 1 })).Refused(429, saying: "2 requests a minute");
        Assert.InRange(refused.Response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 20, 30);
        Assert.Equal("0", Header(refused, "x-ratelimit-remaining-requests"));
        (await server.GetAsync("/v1/models")).Ok(); // what computes nothing isn't counted
        (await server.As("free").CompleteAsync(new { prompt = "Once", max_tokens = 1 })).Ok();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Tokens_of_prompts_and_answers_count(bool stream)
    {
        await using Server server = await StartAsync(new() { TokensPerMinute = 60 });
        Reply first = (await server.As("limited").CompleteAsync(new { prompt = Enumerable.Repeat(5, 30), max_tokens = 25, ignore_eos = true, stream })).Ok();
        Assert.Equal("60", Header(first, "x-ratelimit-remaining-tokens"));
        Reply second = (await server.CompleteAsync(new { prompt = Enumerable.Repeat(5, 30), max_tokens = 25, ignore_eos = true, stream })).Ok();
        Assert.InRange(int.Parse(Header(second, "x-ratelimit-remaining-tokens")), 5, 20);
        (await server.CompleteAsync(new { prompt = "Once", max_tokens = 1, stream })).Refused(429, saying: "60 tokens a minute");
        (await server.As("free").CompleteAsync(new { prompt = "Once", max_tokens = 1 })).Ok();
    }

    [Fact]
    public async Task So_many_requests_of_a_tenant_run_at_once()
    {
        await using var alone = new DemoEngine(new() { NumBlocks = 64 });
        await using Server server = await StartAsync(new() { ConcurrentRequests = 1 }, alone);
        Task<Reply> running;
        using (var loop = new Standstill(alone.Engine))
        {
            running = server.As("limited").CompleteAsync(new { prompt = "Once", max_tokens = 3 });
            await Eventually.TrueAsync(() => loop.Posted == 1);
            (await server.CompleteAsync(new { prompt = "Once", max_tokens = 1 })).Refused(429, saying: "1 requests");
        }

        (await running).Ok();
        await Eventually.TrueAsync(async () => (await server.CompleteAsync(new { prompt = "Once", max_tokens = 1 })).Status == 200);
    }

    [Fact]
    public async Task Only_an_admins_key_pauses_resumes_and_resets_for_all()
    {
        await using var alone = new DemoEngine(new() { NumBlocks = 64 });
        await using Server server = await StartAsync(new(), alone);
        foreach (string path in new[] { "/pause", "/resume", "/reset_prefix_cache" }) (await server.As("free").PostAsync(path, "")).Refused(403, saying: "admin");
        foreach (string path in new[] { "/pause?mode=keep", "/resume", "/reset_prefix_cache" }) (await server.As("root").PostAsync(path, "")).Ok();
    }

    [Fact]
    public async Task A_key_may_come_in_anthropics_header()
    {
        await using Server server = await StartAsync(new());
        server.Http.DefaultRequestHeaders.Add("x-api-key", "free");
        (await server.GetAsync("/v1/models")).Ok();
    }

    private Task<Server> StartAsync(TenantLimits limits, DemoEngine? alone = null) => Server.StartAsync((alone ?? demo).Engine, new()
    {
        TenantKeys = [TenantKey.Of("limited", "limited"), TenantKey.Of("free", "free"), new TenantKey("ops", TenantKey.Hash("root")) { IsAdmin = true }],
        TenantLimits = new Dictionary<string, TenantLimits> { ["limited"] = limits },
    });

    private static string Header(Reply reply, string name) => reply.Response.Headers.GetValues(name).Single();
}
