using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Folio.Server.Tests;

/// <summary>Keys, ports and shutdown.</summary>
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

    [Fact]
    public async Task Stopping_finishes_what_runs_and_turns_away_what_comes()
    {
        await using var alone = new DemoEngine(new() { NumBlocks = 64 });
        await using Server server = await Server.StartAsync(alone.Engine);
        using var gate = new StepGate(alone.Engine, 3);
        using var running = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = new StringContent(System.Text.Json.JsonSerializer.Serialize(Endless), null, "application/json") };
        using HttpResponseMessage answer = await server.Http.SendAsync(running, HttpCompletionOption.ResponseHeadersRead);
        Task stopping = server.App.StopAsync();
        Reply refused = (await server.CompleteAsync(new { prompt = "Hello" })).Refused(503);
        Assert.NotNull(refused.Response.Headers.RetryAfter);
        (await server.GetAsync("/health")).Refused(503);
        gate.Dispose();
        string text = await answer.Content.ReadAsStringAsync();
        Assert.Contains("\"finish_reason\":\"length\"", text);
        Assert.EndsWith("data: [DONE]\n\n", text);
        await stopping;
    }

    [Fact]
    public async Task After_the_grace_a_stream_is_told_that_it_was_cut()
    {
        await using var alone = new DemoEngine(new() { NumBlocks = 64 });
        await using Server server = await Server.StartAsync(alone.Engine, new() { ShutdownGrace = TimeSpan.FromMilliseconds(1) });
        using var gate = new StepGate(alone.Engine, 3);
        Task<Reply> answer = server.CompleteAsync(Endless);
        await Eventually.TrueAsync(() => gate.Holds);
        await server.App.StopAsync();
        string text = (await answer).Text;
        Assert.Contains("\"code\":503", text);
        Assert.EndsWith("data: [DONE]\n\n", text);
    }
}
