namespace Folio.Server.Tests;

/// <summary>Keys, limits and full queues, as Anthropic's clients are told of them.</summary>
public sealed class MessagesErrorTests(DemoEngine demo)
{
    private const string Body = """{"max_tokens":1,"messages":[{"role":"user","content":"Hello"}]}""";

    [Fact]
    public async Task Keys_are_taken_from_either_header()
    {
        await using Server server = await Server.StartAsync(demo.Engine, new() { ApiKeys = ["secret"] });
        foreach (string path in new[] { "/v1/messages", "/v1/messages/count_tokens", "/v1/messages/" }) (await server.PostAsync(path, Body)).RefusedAsAnthropic(401, "authentication_error", "x-api-key");
        server.Http.DefaultRequestHeaders.Add("x-api-key", "secret");
        (await server.PostAsync("/v1/messages", Body)).Ok();
        server.Http.DefaultRequestHeaders.Remove("x-api-key");
        (await server.As("secret").PostAsync("/v1/messages", Body)).Ok();
        (await server.As("wrong").PostAsync("/v1/messages", Body)).RefusedAsAnthropic(401, "authentication_error");
    }

    [Fact]
    public async Task A_tenants_limit_is_a_429_and_a_full_server_a_529()
    {
        await using var alone = new DemoEngine(new() { MaxNumSeqs = 1, NumBlocks = 64, MaxWaitingRequests = 1 });
        await using Server server = await Server.StartAsync(alone.Engine, new() { TenantKeys = [TenantKey.Of("limited", "limited"), TenantKey.Of("free", "free")], TenantLimits = new Dictionary<string, TenantLimits> { ["limited"] = new() { RequestsPerMinute = 1 } } });
        (await server.As("limited").PostAsync("/v1/messages", Body)).Ok();
        Assert.NotNull((await server.PostAsync("/v1/messages", Body)).RefusedAsAnthropic(429, "rate_limit_error").Response.Headers.RetryAfter);

        server.As("free");
        Task<Reply> running = server.CompleteAsync(new { prompt = "Once", max_tokens = 200, ignore_eos = true }), waiting;
        await Eventually.TrueAsync(async () => await server.MetricAsync("vllm:time_to_first_token_seconds_count") == 2);
        using (var loop = new Standstill(alone.Engine))
        {
            waiting = server.PostAsync("/v1/messages", Body);
            await Eventually.TrueAsync(() => loop.Posted == 1);
            Assert.NotNull((await server.PostAsync("/v1/messages", Body)).RefusedAsAnthropic(529, "overloaded_error").Response.Headers.RetryAfter);
        }

        (await running).Ok();
        (await waiting).Ok();
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_a_413()
    {
        await using Server server = await Server.StartAsync(demo.Engine, new() { MaxRequestBodyBytes = 100 });
        (await server.PostAsync("/v1/messages", Body + new string(' ', 200))).RefusedAsAnthropic(413, "request_too_large");
    }

    [Fact]
    public async Task Models_and_errors_of_all_routes_have_Anthropics_form_for_those_who_name_its_version()
    {
        await using Server server = await Server.StartAsync(demo.Engine);
        server.Http.DefaultRequestHeaders.Add("anthropic-version", "2023-06-01");
        Reply list = (await server.GetAsync("/v1/models")).Ok();
        Assert.Equal(["data", "has_more", "first_id", "last_id"], list.Json.EnumerateObject().Select(field => field.Name));
        Assert.Equal("demo", list.Json.GetProperty("data")[0].GetProperty("id").GetString());
        Assert.Equal("model", (await server.GetAsync("/v1/models/demo-alias")).Ok().Json.GetProperty("type").GetString());
        (await server.GetAsync("/v1/models/nope")).RefusedAsAnthropic(404, "not_found_error");
        (await server.GetAsync("/nowhere")).RefusedAsAnthropic(404, "not_found_error");
    }
}
