using System.Text;

namespace Folio.Server.Tests;

/// <summary>One valid request for each operation that a server of the demo model describes.</summary>
internal static class ValidRequests
{
    private const string Talk = """{"model":"demo","max_tokens":1,"messages":[{"role":"user","content":"Hello"}]}""";

    private static readonly int[] s_block = [.. Enumerable.Repeat(5, 20)]; // a prefix fills a block at least

    private static readonly Dictionary<string, string> s_bodies = new(StringComparer.Ordinal)
    {
        ["POST /v1/completions"] = """{"prompt":"Once","max_tokens":1}""",
        ["POST /v1/chat/completions"] = Talk,
        ["POST /v1/embeddings"] = """{"input":"Once"}""",
        ["POST /v1/responses"] = """{"input":"Once","max_output_tokens":1}""",
        ["POST /v1/messages"] = Talk,
        ["POST /v1/messages/count_tokens"] = """{"model":"demo","messages":[{"role":"user","content":"Hello"}]}""",
        ["POST /tokenize"] = """{"prompt":"Once"}""",
        ["POST /detokenize"] = """{"tokens":[5]}""",
        ["POST /v1/prefixes"] = $$"""{"prompt":[{{string.Join(',', s_block)}}]}""",
    };

    /// <summary>Makes what its path names, if there is none yet.</summary>
    public static async Task<DrawnRequest> ForAsync(Server server, DescribedOperation operation)
    {
        Assert.True(s_bodies.TryGetValue(operation.ToString(), out string? body) || !operation.HasBody, $"{operation} takes a body: {nameof(ValidRequests)} wants a valid one");
        string url = operation.Path switch
        {
            "/v1/models/{id}" => "/v1/models/demo",
            "/v1/prefixes/{id}" => $"/v1/prefixes/{(await server.PostAsync("/v1/prefixes", new { prompt = s_block, id = "kept" })).Ok().Json.GetProperty("id").GetString()}",
            "/page/{file}" => "/page/app.js",
            _ when operation.Path.StartsWith("/v1/responses/{id}", StringComparison.Ordinal) => operation.Path.Replace("{id}", (await server.RespondAsync(new { input = "x", max_output_tokens = 1 })).Response().Id()),
            _ => operation.Path,
        };
        Assert.False(url.Contains('{'), $"{operation} names something: {nameof(ValidRequests)} wants a name of one that there is");
        return new(operation.Method, operation, url, body is null ? null : Encoding.UTF8.GetBytes(body));
    }

    /// <summary>What is answered: 200, but where nothing can be cancelled.</summary>
    public static int StatusOf(DescribedOperation operation) => operation.Path == "/v1/responses/{id}/cancel" ? 400 : 200;
}
