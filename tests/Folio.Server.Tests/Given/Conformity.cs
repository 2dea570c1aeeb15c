using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;
using Folio.Testing.OpenApi;

namespace Folio.Server.Tests;

/// <summary>Holds what tests send, and all that comes back, against the description that OpenAI publishes of its API. What differs stands in <see cref="Deviations"/>, one by one.</summary>
internal static partial class Conformity
{
    private const string Errors = "ErrorResponse";

    private static readonly Dictionary<string, Route> s_routes = new(StringComparer.Ordinal)
    {
        ["POST /v1/chat/completions"] = new("CreateChatCompletionRequest", "CreateChatCompletionResponse", "CreateChatCompletionStreamResponse"),
        ["POST /v1/completions"] = new("CreateCompletionRequest", "CreateCompletionResponse", "CreateCompletionResponse"), // whose stream has the same shape, says its text
        ["POST /v1/embeddings"] = new("CreateEmbeddingRequest", "CreateEmbeddingResponse", null),
        ["POST /v1/responses"] = new("CreateResponse", "Response", "ResponseStreamEvent"),
        ["GET /v1/responses/{id}"] = new(null, "Response", null),
        ["GET /v1/responses/{id}/input_items"] = new(null, "ResponseItemList", null),
        ["GET /v1/models"] = new(null, "ListModelsResponse", null),
        ["GET /v1/models/{id}"] = new(null, "Model", null),
    };

    /// <summary>Deviations that have been met: where all are looked for, none may be left over.</summary>
    public static ConcurrentDictionary<string, bool> Met { get; } = new(StringComparer.Ordinal);

    /// <summary>What Folio does with each field of a request that OpenAI describes.</summary>
    public static FieldPolicy PolicyOf(string component) => component switch
    {
        "CreateChatCompletionRequest" => FieldPolicies.Chat,
        "CreateCompletionRequest" => FieldPolicies.Completion,
        "CreateEmbeddingRequest" => FieldPolicies.Embedding,
        "CreateResponse" => FieldPolicies.Response,
        _ => throw new ArgumentException($"no route takes a {component}"),
    };

    /// <summary>The body of an answered request.</summary>
    public static void CheckRequest(string method, string path, string body, Reply reply)
    {
        if (reply.Status == 200 && RouteOf(method, path)?.Request is { } component) Check(component, JsonElement.Parse(body), body);
    }

    /// <summary>A whole answer, each event of a stream, or an error.</summary>
    public static void CheckAnswer(string method, string path, Reply reply)
    {
        if (reply.IsOfAnthropics()) return;
        if (reply.Status >= 400 && reply.Json.ValueKind == JsonValueKind.Object)
        {
            Check(Errors, reply.Json, reply.Text);
            return;
        }

        if (reply.Status != 200 || RouteOf(method, path) is not { } route) return;
        if (reply.Json.ValueKind == JsonValueKind.Object) Check(route.Answer, reply.Json, reply.Text);
        else if (route.Event is not null) CheckEvents(route.Event, reply.Text);
    }

    private static void CheckEvents(string component, string stream)
    {
        foreach (string line in stream.Split('\n'))
        {
            if (!line.StartsWith("data: {", StringComparison.Ordinal)) continue;
            var data = JsonElement.Parse(line["data: ".Length..]);
            Check(data.TryGetProperty("error", out _) ? Errors : component, data, line);
        }
    }

    private static void Check(string component, JsonElement value, string shown)
    {
        if (OpenApiDocument.OpenAI is not { } description) return;
        Findings findings = description.Check(value, component);
        string[] unexpected = [.. findings.Errors.Where(error => !IsKnown(component, error.Place)).Select(error => $"{error.Place}: {error.What}"), .. findings.Undeclared.Where(place => !IsKnown(component, place)).Select(place => $"{place}: not described")];
        Assert.True(unexpected.Length == 0, $"not as OpenAI's {component} has it: {string.Join("; ", unexpected)}\n{(shown.Length <= 2000 ? shown : shown[..2000])}");
    }

    private static bool IsKnown(string component, string place)
    {
        string key = $"{component} {place}";
        if (!Deviations.All.ContainsKey(key)) key = $"{key[..(key.LastIndexOf('.') + 1)]}*";
        if (!Deviations.All.ContainsKey(key)) return false;
        Met[key] = true;
        return true;
    }

    private static Route? RouteOf(string method, string path) => s_routes.GetValueOrDefault($"{method} {Response().Replace(Model().Replace(path, "/v1/models/{id}"), "/v1/responses/{id}$1")}");

    [GeneratedRegex("^/v1/models/.+$")]
    private static partial Regex Model();

    [GeneratedRegex(@"^/v1/responses/[^/?]+(/[^?]+)?(\?.*)?$")]
    private static partial Regex Response();

    /// <param name="Request">The component of its body.</param>
    /// <param name="Answer">That of its answer.</param>
    /// <param name="Event">That of an event of its stream.</param>
    private sealed record Route(string? Request, string Answer, string? Event);
}
