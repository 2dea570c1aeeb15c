using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Folio.Server;

/// <summary>/health and /ping (empty answers, open to all), /version, /metrics.</summary>
internal sealed partial class StatusRoutes(ServedModel served, Drain drain, ILogger logger)
{
    private int _failureTold;

    /// <summary>200 while requests are taken, 503 from SIGTERM or the engine's failure on, so that a balancer sends no more.</summary>
    public Task HealthAsync(HttpContext context)
    {
        if (drain.IsDraining) return ErrorBody.WriteAsync(context, ErrorBody.For(503, "The server is shutting down."));
        if (served.Engine.Failure is { } failure)
        {
            if (Interlocked.Exchange(ref _failureTold, 1) == 0) LogFailure(logger, failure);
            return ErrorBody.WriteAsync(context, ErrorBody.For(503, "The engine has failed; the server must be restarted."));
        }

        context.Response.ContentLength = 0;
        return Task.CompletedTask;
    }

    public static Task VersionAsync(HttpContext context) => JsonAnswer.WriteAsync(context, new VersionResponse(ServedModel.Version), WireJson.Default.VersionResponse);

    public async Task MetricsAsync(HttpContext context)
    {
        context.Response.ContentType = MetricsPage.ContentType;
        await context.Response.WriteAsync(MetricsPage.Write(served.Engine, served.Names[0]), context.RequestAborted);
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "the engine has failed; every request is refused until a restart")]
    private static partial void LogFailure(ILogger logger, Exception error);
}
