using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>GET /v1/models and /v1/models/{id}, in Anthropic's form for Anthropic's clients.</summary>
internal sealed class ModelRoutes(ServedModel served)
{
    public Task ListAsync(HttpContext context) => AnthropicError.IsClient(context)
        ? JsonAnswer.WriteAsync(context, new([.. served.Names.Select(AnthropicCard)], HasMore: false, served.Names[0], served.Names[^1]), MessagesJson.Default.AnthropicModelList)
        : JsonAnswer.WriteAsync(context, new("list", [.. served.Names.Select(Card)]), WireJson.Default.ModelList);

    public Task OneAsync(HttpContext context)
    {
        string name = served.Resolve((context.Request.RouteValues["id"] as string ?? "").TrimEnd('/'));
        return AnthropicError.IsClient(context) ? JsonAnswer.WriteAsync(context, AnthropicCard(name), MessagesJson.Default.AnthropicModel) : JsonAnswer.WriteAsync(context, Card(name), WireJson.Default.ModelCard);
    }

    private AnthropicModel AnthropicCard(string name) => new(
        "model",
        name,
        DisplayName: name,
        DateTimeOffset.FromUnixTimeSeconds(served.Created),
        MaxInputTokens: served.Info.MaxModelLen,
        MaxTokens: served.Info.MaxModelLen,
        Capabilities: null,
        Lifecycle: "active",
        Line: null,
        DeprecatedAt: null,
        RetiresAt: null);

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
