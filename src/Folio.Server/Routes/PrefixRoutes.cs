using Folio.Engine;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>The prefix cache: POST /reset_prefix_cache, and prefixes that stay in it: GET and POST /v1/prefixes, DELETE /v1/prefixes/{id}.</summary>
/// <remarks>Whose a pin is, is who finds it: a key's holder sees, replaces and finds its own, and what the operator pinned at start is found by all and seen by none of them.</remarks>
internal sealed class PrefixRoutes(ServedModel served, ApiKeys keys, Drain drain)
{
    private const string ObjectName = "prefix";

    /// <remarks>All or nothing: of the cache one can't forget what belongs to one key, and what others have there is not one's own to take.</remarks>
    public async Task ResetAsync(HttpContext context)
    {
        if (keys.KeepApart && !keys.MayAdminister(Gate.HolderOf(context)))
            throw new ApiException(403, "This server has several API keys with a prefix cache of their own each, so no one of them may reset it for all but one marked admin. A server that has one key, or shares the cache (--share-prefix-cache, SharePrefixCache), can be told to.");
        await served.Engine.ResetPrefixCacheAsync();
        await JsonAnswer.WriteAsync(context, new(true), WireJson.Default.ResetResponse);
    }

    public Task ListAsync(HttpContext context)
    {
        string owner = OwnerOf(context);
        return JsonAnswer.WriteAsync(context, new("list", [.. served.Engine.PinnedPrefixes.Where(prefix => prefix.Owner == owner).Select(Card)]), WireJson.Default.PrefixList);
    }

    public async Task PinAsync(HttpContext context)
    {
        PrefixRequest request;
        using (RequestBody body = await RequestBody.ReadAsync(context)) request = PrefixRequest.Read(body.Fields, served, Gate.HolderOf(context));

        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, drain.Cut);
        await JsonAnswer.WriteAsync(context, Card(await PinAsync(request, OwnerOf(context), cancellation.Token)), WireJson.Default.PrefixCard);
    }

    public async Task UnpinAsync(HttpContext context)
    {
        string id = context.Request.RouteValues["id"] as string ?? "";
        if (!await served.Engine.UnpinAsync(id, OwnerOf(context))) throw ApiException.NotFound($"Nothing is pinned under the id '{id}'.", "id");
        await JsonAnswer.WriteAsync(context, new(id, ObjectName, true), WireJson.Default.PrefixDeleted);
    }

    private async Task<PinnedPrefix> PinAsync(PrefixRequest request, string owner, CancellationToken cancellation)
    {
        Caller caller = request.Caller;
        var pin = new PinRequest
        {
            Prefix = request.Ids,
            Id = request.Id,
            Owner = owner,
            CacheSalt = caller.CacheSalt is "" ? null : caller.CacheSalt, // where nobody is told apart by a key and none asks to be by a salt, it is everybody's
            Priority = caller.Priority,
            Tenant = caller.Tenant,
        };
        try
        {
            return await served.Engine.PinAsync(pin, cancellation);
        }
        catch (RequestException error)
        {
            throw ApiException.BadRequest(error.Message, request.Field);
        }
    }

    private string OwnerOf(HttpContext context) => Caller.OwnerOf(served, Gate.HolderOf(context));

    private static PrefixCard Card(PinnedPrefix prefix) => new(prefix.Id, ObjectName, prefix.Tokens);
}
