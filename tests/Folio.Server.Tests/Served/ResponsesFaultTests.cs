using System.Text.Json;

namespace Folio.Server.Tests;

/// <summary>Responses that don't come to their end.</summary>
public sealed class ResponsesFaultTests
{
    private const string Endless = """{"input":"Tell me a story.","max_output_tokens":400,"ignore_eos":true,"stream":true}""";

    [Fact]
    public async Task An_error_behind_the_first_event_is_a_failed_response()
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 128 });
        await using Server server = await Server.StartAsync(demo.Engine);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/responses") { Content = new StringContent(Endless, null, "application/json"), Headers = { { "X-Request-Timeout", "2" } } };
        using HttpResponseMessage answer = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Reply reply;
        using (new Standstill(demo.Engine)) reply = new(answer, await answer.Content.ReadAsStringAsync());
        IReadOnlyList<JsonElement> events = reply.ResponseEvents();
        JsonElement response = events[^1].GetProperty("response");
        if (ResponseReplies.TypeOf(events[^1]) == "response.incomplete") return; // the engine was faster
        Assert.Equal(("response.failed", "failed", "server_error"), (ResponseReplies.TypeOf(events[^1]), response.GetProperty("status").GetString(), response.GetProperty("error").GetProperty("code").GetString()));
        Assert.Contains("time was over", response.GetProperty("error").GetProperty("message").GetString());
        (await server.GetAsync($"/v1/responses/{response.Id()}")).Refused(404);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_leaves_frees_its_blocks_and_leaves_nothing_stored(bool stream)
    {
        await using var demo = new DemoEngine();
        await using Server server = await Server.StartAsync(demo.Engine);
        using var leave = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/responses") { Content = new StringContent(Endless.Replace("true}", stream ? "true}" : "false}", StringComparison.Ordinal), null, "application/json") };
        Task<HttpResponseMessage> answer = server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leave.Token);
        await Eventually.TrueAsync(async () => await server.MetricAsync("vllm:generation_tokens_total") > 2);
        if (stream)
        {
            using var lines = new StreamReader(await (await answer).Content.ReadAsStreamAsync());
            await lines.ReadLineAsync();
            string id = JsonElement.Parse((await lines.ReadLineAsync())!["data: ".Length..]).GetProperty("response").Id();
            lines.Dispose();
            (await answer).Dispose();
            await IdleAsync(server);
            (await server.GetAsync($"/v1/responses/{id}")).Refused(404);
        }
        else
        {
            await leave.CancelAsync();
            await IdleAsync(server);
        }

        Assert.True(await server.MetricAsync("vllm:generation_tokens_total") < 400);
    }

    [Fact]
    public async Task A_full_queue_is_told_before_any_event()
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 64, MaxWaitingRequests = 1 });
        await using Server server = await Server.StartAsync(demo.Engine);
        using var loop = new Standstill(demo.Engine);
        Task<Reply>[] asked = [.. Enumerable.Range(0, 8).Select(_ => server.RespondAsync(new { input = "x", max_output_tokens = 2, stream = true }))];
        Reply first = await await Task.WhenAny(asked);
        first.Refused(429);
        loop.Dispose();
        await Task.WhenAll(asked);
    }

    private static Task IdleAsync(Server server) => Eventually.TrueAsync(async () => await server.MetricAsync("vllm:num_requests_running") == 0 && await server.MetricAsync("vllm:kv_cache_usage_perc") == 0);
}
