using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>GET /v1/models and /v1/models/{id}.</summary>
internal sealed class ModelRoutes(ServedModel served)
{
    public Task ListAsync(HttpContext context) =>
        JsonAnswer.WriteAsync(context, new("list", [.. served.Names.Select(Card)]), WireJson.Default.ModelList);

    public Task OneAsync(HttpContext context) =>
        JsonAnswer.WriteAsync(context, Card(served.Resolve((context.Request.RouteValues["id"] as string ?? "").TrimEnd('/'))), WireJson.Default.ModelCard);

    private ModelCard Card(string name) => new(
        name,
        "model",
        served.Created,
        "folio",
        Root: served.Info.Name,
        Parent: null,
        served.Info.MaxModelLen,
        [new($"modelperm-{name}", "model_permission", served.Created, false, true, true, false, true, false, "*", null, false)]);
}
