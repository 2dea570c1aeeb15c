using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Folio.Engine;
using Microsoft.Extensions.Logging;

namespace Folio.Server.Tests;

/// <summary>A line, and an event with its fields, for each station of a request's life.</summary>
public sealed partial class LifecycleLogTests
{
    [Fact]
    public async Task Each_station_is_a_line_and_an_event_with_fields()
    {
        await using var small = new DemoEngine(new() { NumBlocks = 12, MaxModelLen = 160, PreemptionMode = PreemptionMode.Recompute, MaxNumBatchedTokens = 32 });
        using var lines = new Lines();
        await using Hosted app = await StartAsync(small.Engine, lines);
        HttpClient http = app.Http;
        http.DefaultRequestHeaders.Authorization = new("Bearer", "sk-harpsichord");

        string prompt = $"[{string.Join(',', Enumerable.Range(300, 40))}]";
        await http.PostAsync("/v1/completions", Json($$"""{"prompt":{{prompt}},"max_tokens":5,"ignore_eos":true,"guided_regex":"[a-z ]{30}","request_id":"mine"}"""));
        await lines.UntilAsync("cmpl-mine", "Finished");
        Assert.Equal(
            [
                "cmpl-mine arrived: text_completion for key alice, 40 prompt tokens, n 1", "cmpl-mine waits for its grammar", "cmpl-mine queued with 40 prompt tokens", "cmpl-mine admitted, 0 of its tokens cached",
                "cmpl-mine prefill of tokens 0 to 32", "cmpl-mine prefill of tokens 32 to 40", "cmpl-mine first token", "cmpl-mine finished: length, 5 tokens",
            ],
            lines.Of("cmpl-mine").Select(line => Elapsed().Replace(line.Text, "")));
        Line chunk = lines.Of("cmpl-mine").First(line => line.Event == "PrefillChunk");
        Assert.Equal((LogLevel.Debug, 0, 32), (chunk.Level, (int)chunk.Fields["Start"]!, (int)chunk.Fields["End"]!));

        Task crowd;
        using (var loop = new Standstill(small.Engine)) // until both are there
        {
            crowd = Task.WhenAll(Enumerable.Range(0, 2).Select(i => http.PostAsync("/v1/completions", Json($$"""{"prompt":"Once","max_tokens":140,"ignore_eos":true,"request_id":"crowd{{i}}"}"""))));
            await Eventually.TrueAsync(() => loop.Posted == 2);
        }

        await crowd;
        await lines.UntilAsync("cmpl-crowd0", "Finished");
        await lines.UntilAsync("cmpl-crowd1", "Finished");
        Assert.Contains(lines.Written, line => Regex.IsMatch(line.Text, @"^cmpl-crowd\d preempted for another's decode: recompute of \d+ tokens \("));
        Assert.Contains(lines.Written, line => Regex.IsMatch(line.Text, @"^cmpl-crowd\d resumed by recompute \("));

        await http.PostAsync("/v1/embeddings", Json("""{"input":[5,6,7],"request_id":"vec"}"""));
        await lines.UntilAsync("embd-vec", "Finished");
        Assert.Equal(
            ["embd-vec arrived: embeddings for key alice, 3 prompt tokens, n 1", "embd-vec queued with 3 prompt tokens", "embd-vec admitted, 0 of its tokens cached", "embd-vec prefill of tokens 0 to 3", "embd-vec finished: stop, 0 tokens"],
            lines.Of("embd-vec").Select(line => Elapsed().Replace(line.Text, "")));
        await http.PostAsync("/v1/embeddings", Json("""{"input":[5],"dimensions":8,"request_id":"vec2"}"""));
        await lines.UntilAsync("embd-vec2", "Refused");

        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = Json("""{"prompt":"Once","max_tokens":150,"ignore_eos":true,"stream":true,"request_id":"left"}""") };
        await small.Engine.LeaveAsync(async _ => (await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead)).Dispose());
        await lines.UntilAsync("cmpl-left", "Aborted");
        await http.PostAsync("/v1/completions", Json("""{"prompt":"Once","guided_regex":"[","request_id":"bad"}"""));
        await lines.UntilAsync("cmpl-bad", "Refused");
        Assert.DoesNotContain(lines.Written, line => line.Text.Contains("harpsichord"));
        await app.App.StopAsync();
    }

    private static Task<Hosted> StartAsync(LlmEngine engine, Lines lines) => Hosted.StartAsync(
        builder =>
        {
            builder.Logging.AddProvider(lines).AddFilter(LifecycleLog.Category, LogLevel.Debug);
            builder.Services.AddFolio(engine, new() { TenantKeys = [TenantKey.Of("alice", "sk-harpsichord")] });
        },
        app => app.MapFolio());

    private static StringContent Json(string body) => new(body, null, "application/json");

    [GeneratedRegex(@" \([\d.]+ ms\)$")]
    private static partial Regex Elapsed();

    private sealed record Line(string Event, LogLevel Level, string Text, IReadOnlyDictionary<string, object?> Fields);

    private sealed class Lines : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<Line> Written { get; } = [];

        public IEnumerable<Line> Of(string id) => Written.Where(line => (string?)line.Fields["Id"] == id);

        public Task UntilAsync(string id, string happened) => Eventually.TrueAsync(() => Of(id).Any(line => line.Event == happened));

        public ILogger CreateLogger(string categoryName) => categoryName == LifecycleLog.Category ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Enqueue(new(eventId.Name!, logLevel, formatter(state, exception), ((IEnumerable<KeyValuePair<string, object?>>)state!).ToDictionary()));

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Dispose() { }
    }
}
