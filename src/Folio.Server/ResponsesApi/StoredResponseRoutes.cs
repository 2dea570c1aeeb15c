using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>Responses that were stored: GET and DELETE /v1/responses/{id}, GET /v1/responses/{id}/input_items, POST /v1/responses/{id}/cancel. Each key's holder finds its own.</summary>
internal sealed class StoredResponseRoutes(ResponseStore store)
{
    private const int DefaultPage = 20, LargestPage = 100;

    /// <summary>As clients write a list in a query: the name, or the name with brackets.</summary>
    private static readonly string[] s_include = ["include", "include[]"];

    public Task GetAsync(HttpContext context)
    {
        RequireKnown(context.Request.Query, [.. s_include, "stream"]);
        if (context.Request.Query["stream"].ToString() is not ("" or "false")) throw ApiException.BadRequest("stream isn't supported: a stored response is whole, and is answered at once.", "stream");
        return JsonAnswer.WriteAsync(context, Find(context).Json);
    }

    public Task DeleteAsync(HttpContext context)
    {
        string id = IdOf(context);
        return store.Remove(Gate.HolderOf(context).Name, id) ? JsonAnswer.WriteAsync(context, new(id, "response", true), ResponseJson.Default.ResponseDeleted) : throw NotFound(id);
    }

    /// <summary>At OpenAI only a background response can be cancelled. Here there are none: a client cancels by leaving.</summary>
    public Task CancelAsync(HttpContext context) =>
        throw ApiException.BadRequest($"Response '{Find(context).Id}' can't be cancelled: it is finished. While it is being written, closing its connection cancels it.", "response_id");

    public Task ListAsync(HttpContext context)
    {
        IQueryCollection query = context.Request.Query;
        RequireKnown(query, [.. s_include, "limit", "order", "after"]);
        string limit = query["limit"].ToString(), order = query["order"].ToString(), after = query["after"].ToString();
        if (!int.TryParse(limit.Length == 0 ? $"{DefaultPage}" : limit, NumberStyles.None, CultureInfo.InvariantCulture, out int most) || most is < 1 or > LargestPage)
            throw ApiException.BadRequest($"limit must be in [1, {LargestPage}].", "limit");
        if (order is not ("" or "asc" or "desc")) throw ApiException.BadRequest("order must be asc or desc.", "order");

        JsonElement[] items = [.. Find(context).Turn.Asked];
        if (order != "asc") Array.Reverse(items);
        int start = after.Length == 0 ? 0 : 1 + Array.FindIndex(items, item => item.GetProperty("id").ValueEquals(after));
        if (start == 0 && after.Length > 0) throw ApiException.BadRequest("after is the id of none of the input's items.", "after");
        JsonElement[] page = items[start..int.Min(items.Length, start + most)];
        string first = page.Length > 0 ? page[0].GetProperty("id").GetString()! : "", last = page.Length > 0 ? page[^1].GetProperty("id").GetString()! : "";
        return JsonAnswer.WriteAsync(context, new("list", page, first, last, start + page.Length < items.Length), ResponseJson.Default.ResponseItemList);
    }

    private StoredResponse Find(HttpContext context)
    {
        string id = IdOf(context);
        return store.Find(Gate.HolderOf(context).Name, id) ?? throw NotFound(id);
    }

    private static string IdOf(HttpContext context) => context.Request.RouteValues["id"] as string ?? "";

    private static ApiException NotFound(string id) => ApiException.NotFound($"Response with id '{Fields.Cut(id)}' not found: {ResponseStore.WhyNot}", "response_id");

    private static void RequireKnown(IQueryCollection query, string[] known)
    {
        foreach (string name in query.Keys)
        {
            if (!known.Contains(name)) throw ApiException.BadRequest($"Unrecognized query parameter: {Fields.Cut(name)}.", "query");
        }

        foreach (string name in s_include) ResponseChat.RequireKnown([.. query[name].OfType<string>()]);
    }
}
