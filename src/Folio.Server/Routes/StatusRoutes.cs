using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>/health and /ping (empty answers, open to all), /version, /metrics.</summary>
internal sealed class StatusRoutes(ServedModel served, Drain drain)
{
    /// <summary>200 while requests are taken, 503 from SIGTERM on, so that a balancer sends no more.</summary>
    public Task HealthAsync(HttpContext context)
    {
        if (drain.IsDraining) return ErrorBody.WriteAsync(context, ErrorBody.For(503, "The server is shutting down."));
        context.Response.ContentLength = 0;
        return Task.CompletedTask;
    }

    public static Task VersionAsync(HttpContext context) => JsonAnswer.WriteAsync(context, new VersionResponse(ServedModel.Version), WireJson.Default.VersionResponse);

    public async Task MetricsAsync(HttpContext context)
    {
        context.Response.ContentType = MetricsPage.ContentType;
        await context.Response.WriteAsync(MetricsPage.Write(served.Engine, served.Names[0]), context.RequestAborted);
    }
}
