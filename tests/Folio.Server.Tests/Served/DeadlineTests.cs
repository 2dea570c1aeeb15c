namespace Folio.Server.Tests;

/// <summary>Requests that may take only so long.</summary>
public sealed class DeadlineTests
{
    private const string Field = "X-Request-Timeout";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_request_whose_time_is_over_is_told_so_and_holds_nothing(bool stream)
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 128 });
        await using Server server = await Server.StartAsync(demo.Engine, new() { RequestTimeout = TimeSpan.FromMilliseconds(200) });
        using (new Standstill(demo.Engine))
        {
            Reply reply = (await server.CompleteAsync(new { prompt = "Once", max_tokens = 400, stream })).Refused(504, saying: "--request-timeout");
            Assert.Equal("TimeoutError", reply.Json.GetProperty("error").GetProperty("type").GetString());
            Assert.Equal("false", reply.Response.Headers.GetValues("x-should-retry").Single());
        }

        await server.IdleAsync();
    }

    [Fact]
    public async Task In_a_stream_that_has_begun_it_is_an_event_of_its_own()
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 128 });
        await using Server server = await Server.StartAsync(demo.Engine);
        (await server.CompleteAsync(new { prompt = "Once", max_tokens = 1, stream = true })).Ok(); // or the first token might take longer than the time that it has
        using var gate = new StepGate(demo.Engine, 3);
        using var request = Request("""{"prompt":"Once","max_tokens":480,"ignore_eos":true,"stream":true}""", "2");
        using HttpResponseMessage answer = await server.Http.SendAsync(request);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.Equal(4, text.Split("data: {").Length - 1); // three tokens and the error
        Assert.Contains("\"code\":504", text);
        Assert.EndsWith("data: [DONE]\n\n", text);
    }

    [Theory]
    [InlineData("0.2", 504)]
    [InlineData("60", 504)] // the server's own is shorter
    [InlineData("0", 400)]
    [InlineData("-1", 400)]
    [InlineData("soon", 400)]
    [InlineData("1e9", 504)] // counts as the server's own
    [InlineData("NaN", 400)]
    public async Task A_client_may_ask_for_less_and_for_numbers_only(string seconds, int status)
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 128 });
        await using Server server = await Server.StartAsync(demo.Engine, new() { RequestTimeout = TimeSpan.FromSeconds(1) });
        using var loop = new Standstill(demo.Engine);
        using var request = Request("""{"prompt":"Once","max_tokens":4}""", seconds);
        using HttpResponseMessage answer = await server.Http.SendAsync(request);
        Assert.Equal(status, (int)answer.StatusCode);
    }

    private static HttpRequestMessage Request(string body, string seconds) => new(HttpMethod.Post, "/v1/completions") { Content = new StringContent(body, null, "application/json"), Headers = { { Field, seconds } } };
}
