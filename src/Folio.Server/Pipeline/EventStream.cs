using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Folio.Server;

/// <summary>Server-sent events as OpenAI sends them: <c>data: {json}</c> and an empty line each, <c>data: [DONE]</c> at the end. Each is written into the connection's buffer and flushed.</summary>
internal sealed class EventStream : IDisposable
{
    private readonly PipeWriter _body;
    private readonly Utf8JsonWriter _json;
    private readonly CancellationToken _aborted;

    private EventStream(HttpContext context)
    {
        (_body, _aborted) = (context.Response.BodyWriter, Deadline.ClientGone(context));
        _json = new(_body, WireJson.WriterOptions);
    }

    /// <summary>Answers with a stream. An error before the first event is an ordinary error answer, one after it an event of its own.</summary>
    public static async Task RunAsync(HttpContext context, Gate gate, Func<EventStream, Task> send)
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        using var events = new EventStream(context);
        try
        {
            await send(events);
        }
        catch (Exception error) when (context.Response.HasStarted && !events._aborted.IsCancellationRequested)
        {
            await events.SendAsync(gate.Report(context, error), WireJson.Default.ErrorBody);
        }

        await events.DoneAsync();
    }

    public async ValueTask SendAsync<T>(T value, JsonTypeInfo<T> type)
    {
        _body.Write("data: "u8);
        _json.Reset();
        JsonSerializer.Serialize(_json, value, type);
        _json.Flush();
        _body.Write("\n\n"u8);
        await _body.FlushAsync(_aborted);
    }

    private async ValueTask DoneAsync()
    {
        _body.Write("data: [DONE]\n\n"u8);
        await _body.FlushAsync(_aborted);
    }

    public void Dispose() => _json.Dispose();
}
