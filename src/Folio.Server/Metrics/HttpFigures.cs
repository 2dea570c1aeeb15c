using System.Collections.Concurrent;
using Folio.Engine;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Folio.Server;

/// <summary>Answers by route, method and status, and how long they took to their last byte: the figures, labels and buckets of the library that vLLM counts its own with (prometheus-fastapi-instrumentator).</summary>
internal sealed class HttpFigures
{
    /// <summary>Routes that machines ask all the time, which vLLM leaves out of its figures: beside the clients' own they would make every time look short.</summary>
    private static readonly string[] s_probes = ["/metrics", "/health", "/health/live", "/health/ready", "/load", "/ping", "/version"];

    private static readonly string[] s_methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

    private readonly ConcurrentDictionary<(string Handler, string Method, string Status), Counter> _answers = [];
    private readonly ConcurrentDictionary<(string Handler, string Method), Histogram> _durations = [];

    private readonly Histogram _all = new(
        "http_request_duration_highr_seconds", "Time to the last byte of the answer, all routes but those of probes.", [.01, .025, .05, .075, .1, .25, .5, .75, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 7.5, 10, 30, 60]);

    /// <summary>A request has been answered, or its client has left.</summary>
    public void Ended(HttpContext context, TimeSpan time)
    {
        string handler = HandlerOf(context), method = MethodOf(context.Request.Method), status = StatusOf(context);
        _answers.GetOrAdd((handler, method, status), _ => new("http_requests_total", "Requests that were answered.")).Add(1);
        _durations.GetOrAdd((handler, method), _ => new("http_request_duration_seconds", "Time to the last byte of the answer.", [.1, .5, 1])).Observe(time.TotalSeconds);
        if (!s_probes.Any(handler.EndsWith)) _all.Observe(time.TotalSeconds);
    }

    public void WriteTo(PrometheusText page)
    {
        // ToArray first: it is the dictionary's own, and safe while series are added; LINQ would copy a collection that grows.
        foreach (((string handler, string method, string status), Counter count) in _answers.ToArray().OrderBy(pair => pair.Key)) page.Write(count, ("handler", handler), ("method", method), ("status", status));
        foreach (((string handler, string method), Histogram times) in _durations.ToArray().OrderBy(pair => pair.Key)) page.Write(times, ("handler", handler), ("method", method));
        page.Write(_all);
    }

    /// <summary>The route's pattern; "none" where there is none. What clients ask for would make as many series.</summary>
    private static string HandlerOf(HttpContext context) =>
        context.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: { } pattern } && !pattern.EndsWith(FolioRoutes.AnyPath, StringComparison.Ordinal) ? pattern : "none";

    private static string MethodOf(string method) => s_methods.Contains(method) ? method : "OTHER";

    private static string StatusOf(HttpContext context) =>
        !context.Response.HasStarted && context.RequestAborted.IsCancellationRequested ? "4xx" : $"{context.Response.StatusCode / 100}xx";
}
