using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Folio.Server.Tests;

/// <summary>Keys, ports, disconnects and shutdown.</summary>
public sealed class LifetimeTests(DemoEngine demo)
{
    private static readonly object Endless = new { prompt = "Once upon a time", max_tokens = 480, ignore_eos = true, stream = true };

    [Fact]
    public async Task With_keys_every_route_but_liveness_and_the_page_s_files_asks_for_one()
    {
        await using Server server = await Server.StartAsync(demo.Engine, new() { ApiKeys = ["secret", "other"] });
        foreach (string path in new[] { "/v1/models", "/v1/models/demo", "/version", "/metrics", "/v1/prefixes", "/load", "/is_paused", "/openapi.json", "/v1/completions", "/v1/responses/x", "/v1/responses/x/input_items", "/nothing", "/page/state" }) (await server.GetAsync(path)).Refused(401);
        foreach (string path in new[] { "/v1/completions", "/v1/chat/completions", "/v1/responses", "/v1/responses/x/cancel", "/tokenize", "/detokenize", "/v1/models", "/v1/prefixes", "/reset_prefix_cache", "/pause", "/resume" }) (await server.PostAsync(path, new { prompt = "x" })).Refused(401);
        (await server.GetAsync("/v1/models")).Refused(401, saying: "You didn't provide an API key");
        foreach (string path in new[] { "/health", "/health/live", "/health/ready", "/ping" }) (await server.GetAsync(path)).Ok();

        server.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "wrong");
        (await server.GetAsync("/v1/models")).Refused(401, saying: "Incorrect API key provided");
        server.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "other");
        (await server.GetAsync("/v1/models")).Ok();
    }

    [Fact]
    public async Task A_port_in_use_is_a_sentence()
    {
        using var taken = new TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        int port = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port;
        var options = new ServerOptions { Port = port };
        await using var app = FolioServer.Build(demo.Engine, options);
        FolioException error = await Assert.ThrowsAsync<FolioException>(() => FolioServer.StartAsync(app, options));
        Assert.Equal($"port {port} is in use by another process; choose one with --port.", error.Message);
        Assert.Contains("nowhere", Assert.Throws<FolioException>(() => FolioServer.Build(demo.Engine, new() { Host = "nowhere" })).Message);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 4)]
    [InlineData(false, 1)]
    public async Task A_client_that_leaves_frees_its_blocks_within_a_second(bool stream, int n)
    {
        await using var alone = new DemoEngine();
        await using Server server = await Server.StartAsync(alone.Engine);
        using var leave = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions")
        {
            Content = new StringContent($$"""{"prompt":"Once upon a time","max_tokens":480,"ignore_eos":true,"n":{{n}},"stream":{{(stream ? "true" : "false")}}}""", null, "application/json"),
        };
        Task<HttpResponseMessage> answer = server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leave.Token);
        await Eventually.TrueAsync(async () => await server.MetricAsync("vllm:generation_tokens_total") > 2);
        if (stream) (await answer).Dispose();
        else await leave.CancelAsync();
        await Eventually.TrueAsync(async () => await server.MetricAsync("vllm:num_requests_running") == 0 && await server.MetricAsync("vllm:kv_cache_usage_perc") == 0);
        Assert.True(await server.MetricAsync("vllm:generation_tokens_total") < 480 * n);
    }

    [Theory]
    [InlineData("\"use_beam_search\":true,\"n\":4")]
    [InlineData("\"best_of\":4")]
    public async Task So_does_one_who_waits_for_the_best_of_several(string fields)
    {
        await using var alone = new DemoEngine();
        await using Server server = await Server.StartAsync(alone.Engine);
        using var leave = new CancellationTokenSource();
        Task answer = server.Http.PostAsync("/v1/completions", new StringContent($$"""{"prompt":"Once upon a time","max_tokens":480,"ignore_eos":true,{{fields}}}""", null, "application/json"), leave.Token);
        await Eventually.TrueAsync(async () => await server.MetricAsync("vllm:kv_cache_usage_perc") > 0);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        await Eventually.TrueAsync(async () => await server.MetricAsync("vllm:num_requests_running") == 0 && await server.MetricAsync("vllm:kv_cache_usage_perc") == 0);
    }

    [Fact]
    public async Task A_storm_of_cancelled_requests_leaves_nothing_behind()
    {
        await using var alone = new DemoEngine();
        await using Server server = await Server.StartAsync(alone.Engine);
        using var leave = new CancellationTokenSource();
        Task[] storm = [.. Enumerable.Range(0, 200).Select(_ => server.Http.PostAsync("/v1/completions", new StringContent(System.Text.Json.JsonSerializer.Serialize(Endless), null, "application/json"), leave.Token))];
        await Task.Delay(300);
        await leave.CancelAsync();
        await Task.WhenAll(storm.Select(task => task.ContinueWith(_ => { }, TaskScheduler.Default)));
        (await server.CompleteAsync(new { prompt = "Hello", max_tokens = 4 })).Ok();
        await Eventually.TrueAsync(async () => await server.MetricAsync("vllm:num_requests_running") + await server.MetricAsync("vllm:num_requests_waiting") + await server.MetricAsync("vllm:kv_cache_usage_perc") == 0);
    }

    [Fact]
    public async Task Stopping_finishes_what_runs_and_turns_away_what_comes()
    {
        await using Server server = await Server.StartAsync(demo.Engine);
        using var running = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = new StringContent(System.Text.Json.JsonSerializer.Serialize(Endless), null, "application/json") };
        using HttpResponseMessage answer = await server.Http.SendAsync(running, HttpCompletionOption.ResponseHeadersRead);
        Task stopping = server.App.StopAsync();
        Reply refused = (await server.CompleteAsync(new { prompt = "Hello" })).Refused(503);
        Assert.NotNull(refused.Response.Headers.RetryAfter);
        (await server.GetAsync("/health")).Refused(503);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.Contains("\"finish_reason\":\"length\"", text);
        Assert.EndsWith("data: [DONE]\n\n", text);
        await stopping.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task After_the_grace_a_stream_is_told_that_it_was_cut()
    {
        await using var alone = new DemoEngine();
        await using Server server = await Server.StartAsync(alone.Engine, new() { ShutdownGrace = TimeSpan.FromMilliseconds(1) });
        Task<Reply> answer = server.CompleteAsync(Endless);
        await Eventually.TrueAsync(async () => await server.MetricAsync("vllm:generation_tokens_total") > 2);
        await server.App.StopAsync();
        string text = (await answer).Text;
        Assert.Contains("\"code\":503", text);
        Assert.EndsWith("data: [DONE]\n\n", text);
    }
}
