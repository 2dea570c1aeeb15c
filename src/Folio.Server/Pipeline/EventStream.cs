using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Folio.Server;

/// <summary>Server-sent events: <c>data: {json}</c> and an empty line each, behind <c>event: name</c> where the route's events have names. Each is written into the connection's buffer and flushed.</summary>
internal sealed class EventStream : IDisposable
{
    private readonly PipeWriter _body;
    private readonly Utf8JsonWriter _json;
    private readonly CancellationToken _aborted;

    private EventStream(HttpContext context)
    {
        (_body, _aborted) = (context.Response.BodyWriter, Deadline.ClientGone(context));
        _json = new(_body, WrittenJson.Options);
    }

    /// <summary>Answers with a stream. An error before the first event is an ordinary error answer, one after it an event of its own.</summary>
    /// <param name="fail">How a route whose events have names tells an error; null: as an event that is an error's body.</param>
    /// <param name="endsWithDone">Behind everything comes <c>data: [DONE]</c>, as at OpenAI.</param>
    public static async Task RunAsync(HttpContext context, Gate gate, Func<EventStream, Task> send, Func<EventStream, ErrorBody, ValueTask>? fail = null, bool endsWithDone = true)
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
            ErrorBody body = gate.Report(context, error);
            if (fail is null) await events.SendAsync(body, WireJson.Default.ErrorBody);
            else await fail(events, body);
        }

        if (endsWithDone) await events.DoneAsync();
    }

    /// <param name="name">Null: the event has none.</param>
    public async ValueTask SendAsync<T>(T value, JsonTypeInfo<T> type, string? name = null)
    {
        if (name is not null)
        {
            _body.Write("event: "u8);
            Encoding.UTF8.GetBytes(name, _body);
            _body.Write("\n"u8);
        }

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
