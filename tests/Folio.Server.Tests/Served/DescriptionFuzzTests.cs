using System.Collections.Concurrent;
using System.Text.Json;

namespace Folio.Server.Tests;

/// <summary>Requests drawn from the server's own description, valid, hostile and broken, to every route that it names: each is answered in time, as the descriptions say, Folio's own and OpenAI's (B29).</summary>
public sealed class DescriptionFuzzTests(ITestOutputHelper output)
{
    private const int Requests = 2500;

    private static readonly string[] Admin = ["/pause", "/resume", "/reset_prefix_cache"];

    [Fact]
    public async Task Requests_drawn_from_the_description_never_make_the_server_fail()
    {
        await using var demo = new DemoEngine(new() { MaxNumSeqs = 128, NumBlocks = 1024 });
        await using Server server = await Server.StartAsync(demo.Engine);
        JsonElement document = (await server.GetAsync("/openapi.json")).Ok().Json;
        DescribedOperation[] operations = [.. DescribedOperations.Of(document)], plain = [.. operations.Where(operation => !Admin.Contains(operation.Path))];
        plain = [.. plain, .. Enumerable.Repeat(plain.Where(operation => operation.HasBody), 3).SelectMany(each => each)]; // of which there is more to draw
        int seed = Environment.TickCount; // draws the same requests again; what 16 senders make of their order it doesn't say: a lead, not a replay
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        List<string> ids = ["demo", "nothing", "..%2F..%2Fetc", "%F0%9F%98%80", "%FF", "a%20b", "demo%2F"];
        for (int i = 0; i < 12; i++) ids.Add((await server.RespondAsync(new { input = "x", max_output_tokens = 1 })).Response().Id());
        var answered = new ConcurrentDictionary<(string Operation, int Status), int>();
        foreach (DescribedOperation operation in operations)
        {
            Assert.Equal($"{operation} {ValidRequests.StatusOf(operation)}", $"{operation} {await SendAsync(await ValidRequests.ForAsync(server, operation))}");
            if (Admin.Contains(operation.Path)) (await server.PostAsync("/resume", "")).Ok();
        }

        DrawnRequest[] drawn = [.. Enumerable.Range(0, Requests).Select(_ => DescribedOperations.Draw(random, plain[random.Next(plain.Length)], [.. ids]))];
        await Parallel.ForEachAsync(drawn, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (request, _) => await SendAsync(request));
        foreach (DescribedOperation operation in operations.Where(operation => Admin.Contains(operation.Path))) // one by one: a paused server answers nobody
        {
            for (int i = 0; i < 10; i++) await SendAsync(DescribedOperations.Draw(random, operation, [.. ids]));
            (await server.PostAsync("/resume", "")).Ok();
        }

        foreach (string id in (await server.GetAsync("/v1/prefixes")).Ok().Json.GetProperty("data").EnumerateArray().Select(card => card.GetProperty("id").GetString()!)) await server.DeleteAsync($"/v1/prefixes/{Uri.EscapeDataString(id)}");
        (await server.GetAsync("/health/ready")).Ok();
        (await server.CompleteAsync(new { prompt = "Once", max_tokens = 1 })).Ok();
        await server.IdleAsync();
        output.WriteLine(string.Join(", ", answered.OrderBy(entry => entry.Key.Operation, StringComparer.Ordinal).Select(entry => $"{entry.Key.Operation} {entry.Key.Status}: {entry.Value}")));

        async Task<int> SendAsync(DrawnRequest request)
        {
            string what = $"seed {seed}: {request}";
            try
            {
                Reply reply = await AskAsync(server, request);
                what += $" gave {reply.Status}: {reply.Text}";
                Assert.True(reply.Status < 500 && !reply.Text.Contains("\"code\":5", StringComparison.Ordinal) && !reply.Text.Contains("api_error", StringComparison.Ordinal) && !reply.Text.Contains("server_error", StringComparison.Ordinal), "the server failed");
                if (reply.Status != 200) reply.Refused(reply.Status);
                if (request.Method == request.Operation.Method) request.Operation.Check(document, reply);
                Conformity.CheckAnswer(request.Method, request.Url, reply);
                if (reply.Status == 200) CheckStream(request.Operation.Path, reply);
                answered.AddOrUpdate(($"{request.Method} {request.Operation.Path}", reply.Status), 1, (_, count) => count + 1);
                return reply.Status;
            }
            catch (Exception error) when (error is OperationCanceledException or HttpRequestException or JsonException or Xunit.Sdk.IAssertionException)
            {
                throw new Xunit.Sdk.XunitException($"{error.Message}\n{what}"); // a request that hangs is cancelled by the client's time-out
            }
        }
    }

    private static async Task<Reply> AskAsync(Server server, DrawnRequest request)
    {
        using var message = new HttpRequestMessage(new HttpMethod(request.Method), request.Url);
        if (request.Body is not null) message.Content = new ByteArrayContent(request.Body) { Headers = { ContentType = new("application/json") } };
        using HttpResponseMessage response = await server.Http.SendAsync(message);
        return new(response, await response.Content.ReadAsStringAsync());
    }

    /// <summary>What a stream's events say together.</summary>
    private static void CheckStream(string path, Reply reply)
    {
        if (reply.Response.Content.Headers.ContentType?.MediaType != "text/event-stream") return;
        if (path == "/v1/messages") Assert.NotEmpty(reply.StreamedBlocks());
        else if (path == "/v1/responses") Assert.NotEmpty(ResponseReplies.Assemble(reply.ResponseEvents()));
        else Assert.NotEmpty(reply.Events);
    }
}
