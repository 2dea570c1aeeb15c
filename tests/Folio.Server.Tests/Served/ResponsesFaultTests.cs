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
        (await server.RespondAsync(new { input = "x", max_output_tokens = 1, stream = true })).Ok(); // or the first token might take longer than the time that it has
        using var gate = new StepGate(demo.Engine, 3);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/responses") { Content = new StringContent(Endless, null, "application/json"), Headers = { { "X-Request-Timeout", "2" } } };
        using HttpResponseMessage answer = await server.Http.SendAsync(request);
        IReadOnlyList<JsonElement> events = new Reply(answer, await answer.Content.ReadAsStringAsync()).ResponseEvents();
        JsonElement response = events[^1].GetProperty("response");
        Assert.Equal(("response.failed", "failed", "server_error"), (ResponseReplies.TypeOf(events[^1]), response.GetProperty("status").GetString(), response.GetProperty("error").GetProperty("code").GetString()));
        Assert.Contains("time was over", response.GetProperty("error").GetProperty("message").GetString());
        (await server.GetAsync($"/v1/responses/{response.Id()}")).Refused(404);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_leaves_frees_its_blocks_and_leaves_nothing_stored(bool stream)
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 128 });
        await using Server server = await Server.StartAsync(demo.Engine);
        string? id = null;
        await server.LeaveAsync(demo.Engine, async gate =>
        {
            using var leave = new CancellationTokenSource();
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/responses") { Content = new StringContent(Endless.Replace("true}", stream ? "true}" : "false}", StringComparison.Ordinal), null, "application/json") };
            Task<HttpResponseMessage> answer = server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leave.Token);
            await Eventually.TrueAsync(() => gate.Holds);
            if (stream)
            {
                using HttpResponseMessage left = await answer;
                using var lines = new StreamReader(await left.Content.ReadAsStreamAsync());
                await lines.ReadLineAsync();
                id = JsonElement.Parse((await lines.ReadLineAsync())!["data: ".Length..]).GetProperty("response").Id();
            }
            else
            {
                await leave.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
            }
        });
        if (stream) (await server.GetAsync($"/v1/responses/{id}")).Refused(404);
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
}
