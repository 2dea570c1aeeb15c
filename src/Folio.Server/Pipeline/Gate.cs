using System.Diagnostics;
using Folio.Engine;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Folio.Server;

/// <summary>What stands before every route: keys, their limits, drain, deadline, the body's size; and what stands behind it: every error in the client's shape.</summary>
internal sealed partial class Gate(ApiOptions options, ApiKeys keys, Drain drain, ILogger logger)
{
    /// <summary>Seconds after which a request that found the queue full, or its room taken, may try again; and one that found the server closing or at a standstill, here or elsewhere.</summary>
    private const string SoonSeconds = "1", LaterSeconds = "5";

    private static readonly object HolderItem = new();

    /// <summary>What it has let answer, and refused.</summary>
    public HttpFigures Figures { get; } = new();

    /// <summary>A route for those who have a key, closed while the server drains. What a POST computes counts towards its tenant's limits.</summary>
    public RequestDelegate Guard(RequestDelegate handler) => Counted(context => GuardAsync(context, handler, isAdmin: false));

    /// <summary>A route that touches everybody: for an admin's key, or for whoever is alone.</summary>
    public RequestDelegate GuardAdmin(RequestDelegate handler) => Counted(context => GuardAsync(context, handler, isAdmin: true));

    /// <summary>A route for everyone, always: liveness.</summary>
    public RequestDelegate Open(RequestDelegate handler) => Counted(context =>
    {
        SecurityHeaders.Write(context.Response.Headers);
        RequestIds.Begin(context);
        return AnswerAsync(context, handler);
    });

    /// <summary>Whose key opened the route.</summary>
    public static Holder HolderOf(HttpContext context) => context.Items[HolderItem] as Holder ?? Holder.Anybody;

    private RequestDelegate Counted(RequestDelegate handler) => async context =>
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            await handler(context);
        }
        finally
        {
            Figures.Ended(context, Stopwatch.GetElapsedTime(start));
        }
    };

    private Task GuardAsync(HttpContext context, RequestDelegate handler, bool isAdmin)
    {
        IHeaderDictionary headers = context.Request.Headers;
        SecurityHeaders.Write(context.Response.Headers);
        RequestIds.Begin(context);
        AnthropicError.NameRequest(context);
        if (keys.Find(context) is not { } holder)
        {
            if (options.Identify is not null) return RefuseAsync(context, 401, "The application that hosts this doesn't know who asks.");
            bool isAbsent = headers.Authorization.Count == 0 && headers["x-api-key"].Count == 0;
            return RefuseAsync(context, 401, $"{(isAbsent ? "You didn't provide an API key" : "Incorrect API key provided")}: send it as \"Authorization: Bearer KEY\" or as \"x-api-key: KEY\".");
        }

        if (!keys.AreAsked && BrowserOrigin.IsForeign(context, options.AllowedOrigins)) return RefuseAsync(context, 403, "Pages of other origins may not ask this server; --allowed-origins (AllowedOrigins) names those that may.");
        if (isAdmin && !keys.MayAdminister(holder)) return RefuseAsync(context, 403, "This touches all who have a key here, so it takes a key that is marked admin in the server's key file.");
        context.Items[HolderItem] = holder;
        return CountAsync(context, handler, isAdmin || !HttpMethods.IsPost(context.Request.Method) ? null : holder.Allowance);
    }

    private async Task CountAsync(HttpContext context, RequestDelegate handler, Allowance? allowance)
    {
        if (!drain.TryEnter())
        {
            await RefuseAsync(context, 503, "The server is shutting down.", LaterSeconds);
            return;
        }

        try
        {
            if (allowance?.Enter((name, value) => context.Response.Headers[name] = value) is { } refusal)
            {
                await RefuseAsync(context, 429, refusal.Reason, $"{Allowance.Seconds(refusal.RetryAfter)}");
                return;
            }

            try
            {
                await AnswerAsync(context, handler);
            }
            finally
            {
                allowance?.Leave();
            }
        }
        finally
        {
            drain.Leave();
        }
    }

    private static Task RefuseAsync(HttpContext context, int status, string message, string? retryAfter = null)
    {
        if (retryAfter is not null) context.Response.Headers.RetryAfter = retryAfter;
        return ErrorBody.WriteAsync(context, ErrorBody.For(status, message));
    }

    private async Task AnswerAsync(HttpContext context, RequestDelegate handler)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = options.MaxRequestBodyBytes;
        Deadline? deadline = null;
        try
        {
            if (HttpMethods.IsPost(context.Request.Method)) deadline = Deadline.Start(context, options.RequestTimeout);
            await handler(context);
        }
        catch (Exception error)
        {
            await AnswerErrorAsync(context, error);
        }
        finally
        {
            deadline?.Dispose();
        }
    }

    private Task AnswerErrorAsync(HttpContext context, Exception error)
    {
        CancellationToken clientGone = Deadline.ClientGone(context);
        if (clientGone.IsCancellationRequested && error is OperationCanceledException or ConnectionResetException or IOException) return Task.CompletedTask;
        if (context.Response.HasStarted)
        {
            // Half an answer can't become an error; the client must see that it is cut off.
            if (error is not OperationCanceledException) LogDefect(logger, error, context.Request.Path);
            context.Abort();
            return Task.CompletedTask;
        }

        ErrorBody body = Report(context, error);
        context.RequestAborted = clientGone; // what is left to say may be said after the deadline
        return ErrorBody.WriteAsync(context, body);
    }

    /// <summary>An error as its body. What wasn't raised on purpose is told to the log, not to the client; a client's mistake leaves no trace there.</summary>
    public ErrorBody Report(HttpContext context, Exception error)
    {
        ErrorBody body = error switch
        {
            ApiException api => ErrorBody.For(api.Status, api.Message, api.Parameter),
            RequestException request => ErrorBody.For(400, request.Message, request.Parameter),
            QueueFullException full => ErrorBody.For(429, full.Message) with { IsOverload = true },
            RoomPinnedException pinned => ErrorBody.For(503, pinned.Message) with { IsOverload = true },
            EngineUnavailableException unavailable => ErrorBody.For(503, unavailable.Message) with { IsOverload = true },
            PinDroppedException dropped => ErrorBody.For(409, dropped.Message),
            RequestFailedException failed => ErrorBody.For(500, failed.Message),
            BadHttpRequestException { StatusCode: 413 } => ErrorBody.For(413, $"The request body is larger than {options.MaxRequestBodyBytes} bytes."),
            BadHttpRequestException { StatusCode: 408 } => ErrorBody.For(408, "The request's body came too slowly, so the server stopped waiting for it."),
            BadHttpRequestException { StatusCode: >= 400 and < 500 } bad => ErrorBody.For(bad.StatusCode, bad.Message),
            OperationCanceledException when Deadline.HasPassed(context) => ErrorBody.For(504, $"The request's time was over before its answer was (--request-timeout, RequestTimeout, or the header {Deadline.Header})."),
            OperationCanceledException when drain.IsDraining => ErrorBody.For(503, "The server is shutting down."),
            ObjectDisposedException { ObjectName: nameof(LlmEngine) } => ErrorBody.For(503, "The server is shutting down."),
            _ => ErrorBody.For(500, "Internal error: the server's log has the details."),
        };
        if (!context.Response.HasStarted) Advise(context.Response.Headers, error, body.Error.Code);
        if (body.Error.Code == 500) LogDefect(logger, error, context.Request.Path);
        return body;
    }

    /// <summary>When to come again; and, in the header that OpenAI's and Anthropic's clients know, not to where the time was too short.</summary>
    private static void Advise(IHeaderDictionary headers, Exception error, int status)
    {
        if (error is QueueFullException or RoomPinnedException) headers.RetryAfter = SoonSeconds;
        if (error is EngineUnavailableException) headers.RetryAfter = LaterSeconds;
        if (status == 504) headers["x-should-retry"] = "false";
    }

    [LoggerMessage(EventId = 31, EventName = "RouteFailed", Level = LogLevel.Error, Message = "{Path} failed")]
    private static partial void LogDefect(ILogger logger, Exception error, string path);
}
