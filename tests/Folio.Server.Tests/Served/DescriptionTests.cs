using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Folio.Server.Tests;

/// <summary>The server's description of itself, and requests drawn from it (B29).</summary>
public sealed class DescriptionTests(ITestOutputHelper output)
{
    private const int Requests = 2500;

    private static readonly string[] Admin = ["/pause", "/resume", "/reset_prefix_cache"];
    private static readonly string[] Ids = ["demo", "nothing", "..%2F..%2Fetc", "%F0%9F%98%80", "a%20b", "demo%2F"];

    [Fact]
    public async Task Every_route_and_field_is_described_and_openapi_readers_find_what_they_need()
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 64 });
        await using Server server = await Server.StartAsync(demo.Engine);
        JsonElement document = (await server.GetAsync("/openapi.json")).Ok().Json;
        Assert.StartsWith("3.1", document.GetProperty("openapi").GetString());
        foreach ((string method, string path, JsonElement operation) in Operations(document))
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

    [Fact]
    public async Task Requests_drawn_from_the_description_never_make_the_server_fail()
    {
        await using var demo = new DemoEngine(new() { MaxNumSeqs = 128, NumBlocks = 1024 });
        await using Server server = await Server.StartAsync(demo.Engine);
        (string Method, string Path, JsonElement Operation)[] operations = [.. Operations((await server.GetAsync("/openapi.json")).Ok().Json)];
        (string, string, JsonElement)[] plain = [.. operations.Where(operation => !Admin.Contains(operation.Path))];
        int seed = Environment.TickCount;
        var random = new Random(seed);
        var answered = new ConcurrentDictionary<(string, int), int>();
        (string Method, string Path, string Url, byte[]? Body)[] drawn = [.. Enumerable.Range(0, Requests).Select(_ => Draw(random, plain[random.Next(plain.Length)]))];
        await Parallel.ForEachAsync(drawn, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (request, _) => await SendAsync(request));
        foreach (string path in Admin) // one by one: a paused server answers nobody
        {
            for (int i = 0; i < 10; i++) await SendAsync(Draw(random, operations.First(operation => operation.Path == path)));
            (await server.PostAsync("/resume", "")).Ok();
        }

        foreach (string id in (await server.GetAsync("/v1/prefixes")).Ok().Json.GetProperty("data").EnumerateArray().Select(card => card.GetProperty("id").GetString()!)) await server.DeleteAsync($"/v1/prefixes/{Uri.EscapeDataString(id)}");
        (await server.GetAsync("/health/ready")).Ok();
        (await server.CompleteAsync(new { prompt = "Once", max_tokens = 1 })).Ok();
        await Eventually.TrueAsync(async () => await server.MetricAsync("vllm:num_requests_running") + await server.MetricAsync("vllm:num_requests_waiting") + await server.MetricAsync("vllm:kv_cache_usage_perc") == 0);
        output.WriteLine($"seed {seed}: {string.Join(", ", answered.OrderBy(entry => entry.Key.Item1, StringComparer.Ordinal).Select(entry => $"{entry.Key.Item1} {entry.Key.Item2}: {entry.Value}"))}");
        foreach ((string method, string path, _) in plain.Where(operation => operation.Item2 is "/v1/completions" or "/v1/chat/completions" or "/v1/responses" or "/v1/messages" or "/v1/messages/count_tokens" or "/tokenize" or "/detokenize" or "/v1/prefixes")) Assert.True(answered.ContainsKey(($"{method} {path}", 200)), $"{method} {path} was never answered");

        async Task SendAsync((string Method, string Path, string Url, byte[]? Body) request)
        {
            using var message = new HttpRequestMessage(new HttpMethod(request.Method), request.Url);
            if (request.Body is not null) message.Content = new ByteArrayContent(request.Body) { Headers = { ContentType = new("application/json") } };
            using HttpResponseMessage response = await server.Http.SendAsync(message);
            var reply = new Reply(response, await response.Content.ReadAsStringAsync());
            string what = $"seed {seed}: {request.Method} {request.Url} {(request.Body is null ? "" : Encoding.UTF8.GetString(request.Body))} gave {reply.Status}: {reply.Text}";
            Assert.True(reply.Status < 500 && !reply.Text.Contains("\"code\":5", StringComparison.Ordinal) && !reply.Text.Contains("api_error", StringComparison.Ordinal), what);
            if (reply.Status != 200) reply.Refused(reply.Status);
            answered.AddOrUpdate(($"{request.Method} {request.Path}", reply.Status), 1, (_, count) => count + 1);
        }
    }

    private static IEnumerable<(string Method, string Path, JsonElement Operation)> Operations(JsonElement document) =>
        from path in document.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        where operation.Name != "parameters"
        select (operation.Name.ToUpperInvariant(), path.Name, operation.Value);

    private static (string, string, string, byte[]?) Draw(Random random, (string Method, string Path, JsonElement Operation) operation)
    {
        var sampler = new SchemaSampler(random, random.Next(3) switch { 0 => 0, 1 => 0.05, _ => 0.25 });
        string url = operation.Path.Replace("{id}", Ids[random.Next(Ids.Length)]);
        if (operation.Operation.TryGetProperty("parameters", out JsonElement parameters))
        {
            string[] query = [.. parameters.EnumerateArray().Where(_ => random.Next(2) == 0).Select(parameter => $"{parameter.GetProperty("name").GetString()}={Uri.EscapeDataString($"{sampler.Value(parameter.GetProperty("schema"))}")}")];
            if (query.Length > 0) url += $"?{string.Join('&', query)}";
        }

        string method = random.Next(40) == 0 ? new[] { "GET", "PUT", "DELETE", "PATCH" }[random.Next(4)] : operation.Method;
        if (!operation.Operation.TryGetProperty("requestBody", out JsonElement described)) return (method, operation.Path, url, operation.Method == "POST" && random.Next(2) == 0 ? [] : null);

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

        byte[] bytes = Encoding.UTF8.GetBytes(body.ToJsonString());
        if (random.Next(15) == 0) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        if (random.Next(30) == 0) bytes = bytes[..random.Next(bytes.Length)];
        return (method, operation.Path, url, method == "GET" ? null : bytes);
    }
}
