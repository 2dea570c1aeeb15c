using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Folio.Testing.OpenApi;

namespace Folio.Server.Tests;

/// <param name="Method">In capitals.</param>
/// <param name="Path">As the description writes it: <c>/v1/models/{id}</c>.</param>
/// <param name="Description">What the server says of it.</param>
internal sealed record DescribedOperation(string Method, string Path, JsonElement Description)
{
    public bool HasBody => Description.TryGetProperty("requestBody", out _);

    public override string ToString() => $"{Method} {Path}";

    /// <summary>Asserts that an answer, whole or a stream, or an error is as the server's own description has it.</summary>
    public void Check(JsonElement document, Reply reply)
    {
        JsonElement described = Description.GetProperty("responses");
        string? type = reply.Response.Content.Headers.ContentType?.MediaType;
        if (reply.Status == 200)
        {
            string[] types = described.GetProperty("200").TryGetProperty("content", out JsonElement content) ? [.. content.EnumerateObject().Select(each => each.Name)] : [];
            Assert.True(type is null ? reply.Text.Length == 0 : types.Contains(type), $"{this}: {type} isn't among {string.Join(", ", types)}");
            return;
        }

        Assert.Equal("application/json", type);
        string name = described.GetProperty("default").GetProperty("$ref").GetString()!.Split('/')[^1];
        Findings findings = new OpenApiDocument(document).Check(reply.Json, name);
        Assert.True(findings.Valid, $"{this}: {string.Join("; ", findings.Errors)} in {reply.Text}");
    }
}

/// <summary>The operations of a server's description, and requests drawn from it.</summary>
internal static class DescribedOperations
{
    public static IEnumerable<DescribedOperation> Of(JsonElement document) =>
        from path in document.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        where operation.Name != "parameters"
        select new DescribedOperation(operation.Name.ToUpperInvariant(), path.Name, operation.Value);

    /// <param name="random">Draws.</param>
    /// <param name="operation">What is asked.</param>
    /// <param name="ids">Of which one stands in its path, escaped.</param>
    public static DrawnRequest Draw(Random random, DescribedOperation operation, string[] ids)
    {
        var sampler = new SchemaSampler(random, random.Next(3) switch { 0 => 0, 1 => 0.05, _ => 0.25 });
        string url = operation.Path.Replace("{id}", ids[random.Next(ids.Length)]);
        if (operation.Description.TryGetProperty("parameters", out JsonElement parameters))
        {
            string[] query = [.. parameters.EnumerateArray().Where(_ => random.Next(2) == 0).Select(parameter => $"{parameter.GetProperty("name").GetString()}={Uri.EscapeDataString($"{sampler.Value(parameter.GetProperty("schema"))}")}")];
            if (query.Length > 0) url += $"?{string.Join('&', query)}";
        }

        string method = random.Next(40) == 0 ? new[] { "GET", "PUT", "DELETE", "PATCH" }[random.Next(4)] : operation.Method;
        if (!operation.Description.TryGetProperty("requestBody", out JsonElement described)) return new(method, operation, url, operation.Method == "POST" && random.Next(2) == 0 ? [] : null);

        JsonObject body = sampler.Object(described.GetProperty("content").GetProperty("application/json").GetProperty("schema"));
        if ((operation.Path.EndsWith("completions", StringComparison.Ordinal) || operation.Path == "/v1/messages") && random.Next(30) > 0)
        {
            body["max_tokens"] = random.Next(1, 4); // otherwise most of the time would go to long answers
            body.Remove("max_completion_tokens");
        }

        if (operation.Path == "/v1/prefixes" && random.Next(10) > 0) body.Remove(random.Next(2) == 0 ? "prompt" : "messages"); // it takes one of them
        if (operation.Path == "/v1/prefixes" && random.Next(4) == 0) body = new() { ["prompt"] = new JsonArray([.. Enumerable.Repeat(5, 20).Select(id => (JsonNode)id)]) }; // what is drawn seldom fills a block
        if (operation.Path == "/v1/responses" && random.Next(30) > 0) body["max_output_tokens"] = random.Next(1, 4);
        if (random.Next(4) > 0) // otherwise most would be refused for these alone
        {
            body.Remove("chat_template");
            if (body.ContainsKey("model")) body["model"] = "demo";
        }

        byte[] bytes = random.Next(6) == 0 ? BrokenJson.From(random, body) : Encoding.UTF8.GetBytes(body.ToJsonString());
        return new(method, operation, url, method == "GET" ? null : bytes);
    }
}

/// <param name="Method">Now and then another than the operation's.</param>
/// <param name="Operation">Whose description it was drawn from.</param>
/// <param name="Url">The path with its id and query.</param>
/// <param name="Body">Null: there is none.</param>
internal sealed record DrawnRequest(string Method, DescribedOperation Operation, string Url, byte[]? Body)
{
    public override string ToString() => $"{Method} {Url} {(Body is null ? "" : Body.Length > 2000 ? $"{Encoding.UTF8.GetString(Body, 0, 2000)}… of {Body.Length} bytes" : Encoding.UTF8.GetString(Body))}";
}
