using Folio.Engine;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>POST /pause and /resume, GET /is_paused, as vLLM has them.</summary>
internal sealed class PauseRoutes(ServedModel served)
{
    /// <summary>Query: <c>mode</c> abort (as absent), wait or keep; <c>clear_cache=true</c> forgets cached prefixes once it is paused.</summary>
    public async Task PauseAsync(HttpContext context)
    {
        IQueryCollection query = context.Request.Query;
        foreach (string name in query.Keys)
        {
            if (name is not ("mode" or "clear_cache")) throw ApiException.BadRequest($"Unrecognized query parameter: {Fields.Cut(name)}; mode and clear_cache are known.", "query");
        }

        PauseMode mode = query["mode"].ToString() switch
        {
            "" or "abort" => PauseMode.Abort,
            "wait" => PauseMode.Wait,
            "keep" => PauseMode.Keep,
            _ => throw ApiException.BadRequest("mode must be abort, wait or keep.", "mode"),
        };
        bool clears = query["clear_cache"].ToString().ToUpperInvariant() switch
        {
            "" or "FALSE" or "0" => false,
            "TRUE" or "1" => true,
            _ => throw ApiException.BadRequest("clear_cache must be true or false.", "clear_cache"),
        };
        await served.Engine.PauseAsync(mode, context.RequestAborted);
        if (clears) await served.Engine.ResetPrefixCacheAsync();
        await JsonAnswer.WriteAsync(context, new("paused"), WireJson.Default.StatusResponse);
    }

    public async Task ResumeAsync(HttpContext context)
    {
        await served.Engine.ResumeAsync();
        await JsonAnswer.WriteAsync(context, new("resumed"), WireJson.Default.StatusResponse);
    }

    public Task IsPausedAsync(HttpContext context) => JsonAnswer.WriteAsync(context, new(served.Engine.IsPaused), WireJson.Default.IsPausedResponse);
}
