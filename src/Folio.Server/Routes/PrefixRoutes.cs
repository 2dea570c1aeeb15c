using Folio.Engine;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>The prefix cache: POST /reset_prefix_cache, and prefixes that stay in it: GET and POST /v1/prefixes, DELETE /v1/prefixes/{id}.</summary>
internal sealed class PrefixRoutes(ServedModel served, Drain drain)
{
    private const string ObjectName = "prefix";

    public async Task ResetAsync(HttpContext context)
    {
        await served.Engine.ResetPrefixCacheAsync();
        await JsonAnswer.WriteAsync(context, new(true), WireJson.Default.ResetResponse);
    }

    public Task ListAsync(HttpContext context) =>
        JsonAnswer.WriteAsync(context, new("list", [.. served.Engine.PinnedPrefixes.Select(Card)]), WireJson.Default.PrefixList);

    public async Task PinAsync(HttpContext context)
    {
        PrefixRequest request;
        using (RequestBody body = await RequestBody.ReadAsync(context)) request = PrefixRequest.Read(body.Fields, served);

        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, drain.Cut);
        await JsonAnswer.WriteAsync(context, Card(await PinAsync(request, cancellation.Token)), WireJson.Default.PrefixCard);
    }

    public async Task UnpinAsync(HttpContext context)
    {
        string id = context.Request.RouteValues["id"] as string ?? "";
        if (!await served.Engine.UnpinAsync(id)) throw ApiException.NotFound($"Nothing is pinned under the id '{id}'.", "id");
        await JsonAnswer.WriteAsync(context, new(id, ObjectName, true), WireJson.Default.PrefixDeleted);
    }

    private async Task<PinnedPrefix> PinAsync(PrefixRequest request, CancellationToken cancellation)
    {
        try
        {
            return await served.Engine.PinAsync(request.Ids, request.Id, cancellation);
        }
        catch (RequestException error)
        {
            throw ApiException.BadRequest(error.Message, request.Field);
        }
    }

    private static PrefixCard Card(PinnedPrefix prefix) => new(prefix.Id, ObjectName, prefix.Tokens);
}
