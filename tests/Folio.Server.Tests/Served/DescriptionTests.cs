using System.Text.Json;

namespace Folio.Server.Tests;

/// <summary>The server's description of itself.</summary>
public sealed class DescriptionTests
{
    [Fact]
    public async Task Every_route_and_field_is_described_and_openapi_readers_find_what_they_need()
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 64 });
        await using Server server = await Server.StartAsync(demo.Engine);
        JsonElement document = (await server.GetAsync("/openapi.json")).Ok().Json;
        Assert.StartsWith("3.1", document.GetProperty("openapi").GetString());
        foreach ((string method, string path, JsonElement operation) in DescribedOperations.Of(document))
        {
            Assert.True(operation.GetProperty("summary").GetString()!.Length > 0, $"{method} {path} has no summary");
            Assert.True(operation.GetProperty("responses").TryGetProperty("200", out _));
        }

        string[] paths = [.. document.GetProperty("paths").EnumerateObject().Select(path => path.Name)];
        Assert.Superset(new HashSet<string> { "/v1/completions", "/v1/chat/completions", "/v1/responses", "/v1/responses/{id}", "/v1/embeddings", "/v1/messages", "/v1/messages/count_tokens", "/v1/models", "/v1/models/{id}", "/tokenize", "/health", "/health/ready", "/metrics", "/pause", "/openapi.json" }, paths.ToHashSet());
        JsonElement fields = document.GetProperty("paths").GetProperty("/v1/completions").GetProperty("post").GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema").GetProperty("properties");
        Assert.Equal(FieldPolicies.Completion.Accepted.Order(StringComparer.Ordinal), fields.EnumerateObject().Select(field => field.Name));
    }

    [Fact]
    public async Task Limits_are_those_that_the_server_was_started_with()
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 64, MaxLogprobs = 7 });
        await using Server server = await Server.StartAsync(demo.Engine, new() { MaxEmbeddingInputs = 3, MaxSequencesPerRequest = 5 });
        JsonElement document = (await server.GetAsync("/openapi.json")).Ok().Json;
        Assert.Equal((7, 7, 7), (Field("/v1/completions", "logprobs", "maximum"), Field("/v1/chat/completions", "top_logprobs", "maximum"), Field("/v1/completions", "prompt_logprobs", "maximum")));
        Assert.Equal((3, 5), (Item("/v1/embeddings", "input"), Item("/v1/completions", "prompt")));
        Assert.Equal((0, 1), (Field("/v1/completions", "max_tokens", "minimum"), Field("/v1/chat/completions", "max_tokens", "minimum")));
        (await server.CompleteAsync(new { prompt = "x", logprobs = 8 })).Refused(400, "logprobs");
        (await server.PostAsync("/v1/embeddings", new { input = new[] { "a", "b", "c", "d" } })).Refused(400, "input");
        (await server.ChatAsync("""{"messages":[{"role":"user","content":"x"}],"max_tokens":0}""")).Refused(400, "max_tokens");

        JsonElement Schema(string path, string field) =>
            document.GetProperty("paths").GetProperty(path).GetProperty("post").GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema").GetProperty("properties").GetProperty(field);

        int Field(string path, string field, string keyword) => Schema(path, field).GetProperty(keyword).GetInt32();

        int Item(string path, string field) => Schema(path, field).GetProperty("oneOf")[1].GetProperty("maxItems").GetInt32();
    }
}
