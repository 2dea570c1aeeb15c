using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;

namespace Folio.Bench;

/// <summary>A client of any OpenAI-compatible server that takes times of streamed completions.</summary>
internal sealed class CompletionClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly string _server;

    /// <param name="server">http://host:port</param>
    public CompletionClient(string server, string? apiKey)
    {
        if (!Uri.TryCreate(server, UriKind.Absolute, out Uri? url) || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps))
            throw new FolioException($"--base-url is '{server}'; an address like http://127.0.0.1:8000 was expected.");
        _server = server.TrimEnd('/');
        var handler = new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = TimeSpan.Zero }; // a connection each: some servers close theirs after a stream, unannounced
        _http = new(handler) { Timeout = Timeout.InfiniteTimeSpan };
        if (apiKey is not null) _http.DefaultRequestHeaders.Authorization = new("Bearer", apiKey);
    }

    /// <summary>The name of the first model that the server has.</summary>
    public async Task<string> FirstModelAsync(CancellationToken cancellation)
    {
        try
        {
            using HttpResponseMessage answer = await _http.GetAsync($"{_server}/v1/models", cancellation);
            string body = await answer.Content.ReadAsStringAsync(cancellation);
            if (!answer.IsSuccessStatusCode) throw new FolioException($"{_server}/v1/models: {Refusal(answer, body)}");
            using JsonDocument models = JsonDocument.Parse(body);
            return models.RootElement.GetProperty("data")[0].GetProperty("id").GetString()!;
        }
        catch (Exception error) when (error is HttpRequestException or JsonException or KeyNotFoundException or IndexOutOfRangeException or InvalidOperationException)
        {
            throw new FolioException($"{_server} doesn't say which models it has: {error.Message}", error);
        }
    }

    /// <summary>The server's count of its steps, as vLLM and Folio publish it; null where it has none.</summary>
    public async Task<StepCount?> StepsAsync(CancellationToken cancellation)
    {
        try
        {
            return PublishedSteps.Find(await _http.GetStringAsync($"{_server}/metrics", cancellation));
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>Sends a request and reads its stream to the end. Never throws for what the server does.</summary>
    /// <param name="clock">Runs since the start.</param>
    public async Task<RequestOutcome> SendAsync(PlannedRequest request, Stopwatch clock, CancellationToken cancellation)
    {
        var outcome = new RequestOutcome { Start = clock.Elapsed.TotalSeconds, PromptTokens = request.PromptTokens };
        try
        {
            using var content = new ByteArrayContent(request.Body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            using var message = new HttpRequestMessage(HttpMethod.Post, $"{_server}/v1/completions") { Content = content };
            using HttpResponseMessage answer = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (!answer.IsSuccessStatusCode) return outcome with { Error = Refusal(answer, await answer.Content.ReadAsStringAsync(cancellation)) };
            await using Stream stream = await answer.Content.ReadAsStreamAsync(cancellation);
            return await ReadAsync(stream, outcome, clock, cancellation);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            return outcome with { Error = error.Message };
        }
        catch (JsonException error)
        {
            return outcome with { Error = $"an event of the stream can't be read: {error.Message}" };
        }
    }

    public void Dispose() => _http.Dispose();

    /// <remarks>As in vLLM's benchmark every event with choices is a token, and the request ends with the last of them.</remarks>
    private static async Task<RequestOutcome> ReadAsync(Stream stream, RequestOutcome outcome, Stopwatch clock, CancellationToken cancellation)
    {
        List<double> times = [];
        var text = new StringBuilder();
        StreamUsage? usage = null;
        bool done = false;
        await foreach (SseItem<StreamChunk?> item in SseParser.Create(stream, (_, data) => Parse(data)).EnumerateAsync(cancellation))
        {
            if (item.Data is not { } chunk)
            {
                done = true;
                break;
            }

            if (chunk.Error is { ValueKind: not JsonValueKind.Null } error) return outcome with { Error = $"in the stream: {Message(error)}" };
            usage = chunk.Usage ?? usage;
            if (chunk.Choices is not { Count: > 0 } choices) continue;
            times.Add(clock.Elapsed.TotalSeconds);
            text.Append(choices[0].Text);
        }

        if (times.Count == 0) return outcome with { Error = "the server sent no token." };
        if (!done) return outcome with { Error = "the stream ended before [DONE]." };
        return outcome with
        {
            FirstToken = times[0] - outcome.Start,
            Gaps = [.. times.Zip(times.Skip(1), (token, next) => next - token)],
            Latency = times[^1] - outcome.Start,
            PromptTokens = usage?.PromptTokens ?? outcome.PromptTokens,
            OutputTokens = usage?.CompletionTokens ?? times.Count,
            Text = text.ToString(),
        };
    }

    /// <returns>Null: the stream's end.</returns>
    private static StreamChunk? Parse(ReadOnlySpan<byte> data) => data.SequenceEqual("[DONE]"u8) ? null : JsonSerializer.Deserialize(data, StreamJson.Default.StreamChunk);

    private static string Refusal(HttpResponseMessage answer, string body)
    {
        string status = $"HTTP {(int)answer.StatusCode}";
        try
        {
            using JsonDocument json = JsonDocument.Parse(body);
            return json.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("error", out JsonElement error) ? $"{status}: {Message(error)}" : status;
        }
        catch (JsonException)
        {
            return $"{status} ({answer.ReasonPhrase})";
        }
    }

    private static string Message(JsonElement error) =>
        error.ValueKind == JsonValueKind.Object && error.TryGetProperty("message", out JsonElement message) ? message.ToString() : error.ToString();
}
