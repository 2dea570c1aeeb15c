using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Folio.Server;

/// <summary>/health and /ping, /health/live and /health/ready (empty answers, open to all); /version, /load, /metrics.</summary>
internal sealed partial class StatusRoutes(ServedModel served, FolioEngine engine, Drain drain, HttpFigures http, ILogger logger)
{
    private int _failureTold;

    /// <summary>200 while requests are taken and answered, 503 from SIGTERM or the engine's failure on, and while the engine stands still, so that a balancer sends no more.</summary>
    public Task HealthAsync(HttpContext context) => AnswerAsync(context, Closing ?? Illness);

    /// <summary>503 where only a new process helps, or may: the engine has failed, stands still or couldn't be loaded.</summary>
    public Task LiveAsync(HttpContext context) => AnswerAsync(context, engine.IsLoading ? null : Illness);

    /// <summary>503 where a request that is sent now would be refused or would wait: closing, paused, or not alive.</summary>
    public Task ReadyAsync(HttpContext context) => AnswerAsync(context, Closing ?? Illness ?? (served.Engine.IsPaused ? "The server is paused." : null));

    public static Task VersionAsync(HttpContext context) => JsonAnswer.WriteAsync(context, new VersionResponse(ServedModel.Version), WireJson.Default.VersionResponse);

    public Task LoadAsync(HttpContext context) => JsonAnswer.WriteAsync(context, new LoadResponse(served.Engine.InFlight), WireJson.Default.LoadResponse);

    public async Task MetricsAsync(HttpContext context)
    {
        context.Response.ContentType = MetricsPage.ContentType;
        await context.Response.WriteAsync(MetricsPage.Write(served.Engine, served.Names[0], http), context.RequestAborted);
    }

    private string? Closing => drain.IsDraining ? "The server is shutting down." : null;

    private string? Illness
    {
        get
        {
            if (served.Engine.Failure is { } failure)
            {
                if (Interlocked.Exchange(ref _failureTold, 1) == 0) LogFailure(logger, failure);
                return "The engine has failed; the server must be restarted.";
            }

            return served.Engine.IsStalled ? "The engine stands still: requests wait and a step has taken longer than --watchdog-timeout (WatchdogTimeout)." : null;
        }
    }

    /// <param name="trouble">Null: there is none.</param>
    private static Task AnswerAsync(HttpContext context, string? trouble)
    {
        if (trouble is not null) return ErrorBody.WriteAsync(context, ErrorBody.For(503, trouble));
        context.Response.ContentLength = 0;
        return Task.CompletedTask;
    }

    [LoggerMessage(EventId = 51, EventName = "EngineFailed", Level = LogLevel.Critical, Message = "the engine has failed; every request is refused until a restart")]
    private static partial void LogFailure(ILogger logger, Exception error);
}
