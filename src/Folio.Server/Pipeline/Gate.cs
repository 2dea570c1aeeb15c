using Folio.Engine;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Folio.Server;

/// <summary>What stands before every route: keys, drain, the body's size; and what stands behind it: every error in OpenAI's shape.</summary>
internal sealed partial class Gate(ServerOptions options, Drain drain, ILogger logger)
{
    /// <summary>Seconds after which a request that found the queue full, or its room taken, may try again; and one that found the server closing, elsewhere.</summary>
    private const string SoonSeconds = "1", LaterSeconds = "5";

    private static readonly object HolderItem = new();

    private readonly ApiKeys _keys = new(options.ApiKeys);

    /// <summary>A route for those who have a key, closed while the server drains.</summary>
    public RequestDelegate Guard(RequestDelegate handler) => context =>
    {
        string authorization = context.Request.Headers.Authorization.ToString();
        bool admitted = _keys.Admit(authorization, out string holder);
        context.Items[HolderItem] = holder;
        return admitted ? CountAsync(context, handler) : ErrorBody.WriteAsync(context, ErrorBody.For(401, $"{(authorization.Length == 0 ? "You didn't provide an API key" : "Incorrect API key provided")}: send it as \"Authorization: Bearer KEY\"."));
    };

    /// <summary>Whose key opened the route; "" where no key is asked for.</summary>
    public static string HolderOf(HttpContext context) => context.Items[HolderItem] as string ?? "";

    /// <summary>A route for everyone, always: liveness.</summary>
    public RequestDelegate Open(RequestDelegate handler) => context => AnswerAsync(context, handler);

    private async Task CountAsync(HttpContext context, RequestDelegate handler)
    {
        if (!drain.TryEnter())
        {
            context.Response.Headers.RetryAfter = LaterSeconds;
            await ErrorBody.WriteAsync(context, ErrorBody.For(503, "The server is shutting down."));
            return;
        }

        try
        {
            await AnswerAsync(context, handler);
        }
        finally
        {
            drain.Leave();
        }
    }

    private async Task AnswerAsync(HttpContext context, RequestDelegate handler)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = options.MaxRequestBodyBytes;
        try
        {
            await handler(context);
        }
        catch (Exception error)
        {
            await AnswerErrorAsync(context, error);
        }
    }

    private Task AnswerErrorAsync(HttpContext context, Exception error)
    {
        if (context.RequestAborted.IsCancellationRequested && error is OperationCanceledException or ConnectionResetException or IOException) return Task.CompletedTask;
        if (context.Response.HasStarted)
        {
            // Half an answer can't become an error; the client must see that it is cut off.
            if (error is not OperationCanceledException) LogDefect(logger, error, context.Request.Path);
            context.Abort();
            return Task.CompletedTask;
        }

        return ErrorBody.WriteAsync(context, Report(context, error));
    }

    /// <summary>An error as its body. What wasn't raised on purpose is told to the log, not to the client; a client's mistake leaves no trace there.</summary>
    public ErrorBody Report(HttpContext context, Exception error)
    {
        ErrorBody body = error switch
        {
            ApiException api => ErrorBody.For(api.Status, api.Message, api.Parameter),
            RequestException request => ErrorBody.For(400, request.Message, request.Parameter),
            QueueFullException full => ErrorBody.For(429, full.Message),
            RoomPinnedException pinned => ErrorBody.For(503, pinned.Message),
            PinDroppedException dropped => ErrorBody.For(409, dropped.Message),
            RequestFailedException failed => ErrorBody.For(500, failed.Message),
            BadHttpRequestException { StatusCode: 413 } => ErrorBody.For(413, $"The request body is larger than {options.MaxRequestBodyBytes} bytes."),
            BadHttpRequestException { StatusCode: >= 400 and < 500 } bad => ErrorBody.For(bad.StatusCode, bad.Message),
            OperationCanceledException when drain.IsDraining => ErrorBody.For(503, "The server is shutting down."),
            ObjectDisposedException { ObjectName: nameof(LlmEngine) } => ErrorBody.For(503, "The server is shutting down."),
            _ => ErrorBody.For(500, "Internal error: the server's log has the details."),
        };
        if (error is QueueFullException or RoomPinnedException && !context.Response.HasStarted) context.Response.Headers.RetryAfter = SoonSeconds;
        if (body.Error.Code == 500) LogDefect(logger, error, context.Request.Path);
        return body;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Path} failed")]
    private static partial void LogDefect(ILogger logger, Exception error, string path);
}
