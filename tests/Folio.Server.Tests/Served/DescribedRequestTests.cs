using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Folio.Testing.OpenApi;

namespace Folio.Server.Tests;

/// <summary>Requests drawn from OpenAI's description: each is answered, or refused for a reason that is known.</summary>
public sealed partial class DescribedRequestTests(ServedFixture fixture, ITestOutputHelper output) : IClassFixture<ServedFixture>
{
    private const int Requests = 400, Seed = 20261126;

    /// <summary>What refusals may name, <c>[]</c> for any item, beside the fields that are refused as such.</summary>
    private static readonly Dictionary<string, string> s_refusals = new(StringComparer.Ordinal)
    {
        ["stream_options"] = "without stream, as at OpenAI",
        ["top_logprobs"] = "without logprobs, as at OpenAI",
        ["best_of"] = "0, below n, or above n in a stream",
        ["prompt"] = "an empty list",
        ["modalities"] = "audio",
        ["dimensions"] = "more or fewer than the model has",
        ["tool_choice"] = "without tools",
        ["tool_choice.type"] = "custom tools",
        ["tool_choice.function.name"] = "a tool that isn't offered",
        ["tool_choice.allowed_tools.tools"] = "none, or none that is offered",
        ["tool_choice.allowed_tools.tools[].function"] = "the description says nothing of these objects",
        ["tools[].type"] = "custom tools, and those that OpenAI's servers run",
        ["reasoning.mode"] = "a way of reasoning that only OpenAI's models have",
        ["text.verbosity"] = "a wish that only OpenAI's models know",
        ["tools[].name"] = "drawn with a space, which OpenAI refuses too; or the same twice",
        ["tools[].allowed_callers"] = "programs, which no server here runs",
        ["tools[].output_schema"] = "what such programs read",
        ["input[].caller"] = "the same",
        ["input[].namespace"] = "of tools that are grouped, which OpenAI's servers do",
        ["input[].type"] = "calls and results of such tools",
        ["input[].content[].type"] = "images, audio and files",
        ["tools[].function.name"] = "drawn with a space, which OpenAI refuses too; or the same twice",
        ["messages[].content"] = "null in a function's message",
        ["messages[].content[].type"] = "images, audio and files",
        ["messages[].tool_call_id"] = "a result of no call, as at OpenAI",
        ["messages[].tool_calls[].function"] = "calls of custom tools",
        ["messages[].tool_calls[].function.arguments"] = "drawn as a word, where templates expect an object",
    };

    [Theory]
    [InlineData("/v1/chat/completions", "CreateChatCompletionRequest"), InlineData("/v1/completions", "CreateCompletionRequest"), InlineData("/v1/embeddings", "CreateEmbeddingRequest"), InlineData("/v1/responses", "CreateResponse")]
    public async Task What_OpenAI_describes_is_answered_or_refused_for_a_known_reason(string path, string component)
    {
        TestData.Shared("suites", "openai", "openapi.json");
        string[] refused = [.. Conformity.PolicyOf(component).Refused];
        var random = new Random(Seed);
        var values = new RandomValues(OpenApiDocument.OpenAI!, random, "a", "get_weather", "The dog");
        var refusals = new ConcurrentDictionary<string, int>();
        var unknown = new ConcurrentDictionary<string, string>();
        int answered = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, Requests).Select(_ => Draw()).ToArray(), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (body, _) =>
        {
            Reply reply = await fixture.Server.PostAsync(path, body);
            if (reply.Status == 200)
            {
                Interlocked.Increment(ref answered);
                return;
            }

            string place = Index().Replace(reply.Refused(400).Json.GetProperty("error").GetProperty("param").GetString()!, "[]");
            if (!refused.Contains(place) && !s_refusals.ContainsKey(place)) unknown.TryAdd(place, $"{reply.Text} {body}");
            refusals.AddOrUpdate(place, 1, (_, count) => count + 1);
        });
        output.WriteLine($"{answered} of {Requests} answered; refused: {string.Join(", ", refusals.OrderByDescending(entry => entry.Value).Select(entry => $"{entry.Value} {entry.Key}"))}");
        Assert.Empty(unknown);
        Assert.True(answered > 2 * Requests / 5, $"{answered}");

        string Draw()
        {
            JsonObject body = values.Of(component)!.AsObject();
            if (!OpenApiDocument.OpenAI!.Check(JsonElement.Parse(body.ToJsonString()), component).Valid) return Draw(); // parts of one object contradict each other now and then
            body["model"] = "demo";
            if (component == "CreateEmbeddingRequest") return body.ToJsonString();
            if (component == "CreateResponse") return DrawResponse(body);
            body["max_tokens"] = 2;
            body.Remove("max_completion_tokens");
            if (random.Next(4) == 0) return body.ToJsonString();
            foreach (string field in refused) body.Remove(field);
            if (body["top_logprobs"] is not null) body["logprobs"] = true;
            if (body["stream_options"] is not null) body["stream"] = true;
            if (body["modalities"] is not null) body["modalities"] = new JsonArray("text");
            if (body["tools"] is not JsonArray { Count: > 0 }) body.Remove("tool_choice");
            if (body["messages"] is JsonArray messages) AnswerCall(messages);
            return body.ToJsonString();
        }
    }

    /// <summary>Results are of a call that was made.</summary>
    private static void AnswerCall(JsonArray messages)
    {
        JsonNode[] results = [.. messages.OfType<JsonObject>().Where(message => message["role"]?.GetValue<string>() == "tool")];
        if (results.Length == 0) return;
        foreach (JsonNode result in results) result["tool_call_id"] = "c";
        messages.Insert(0, JsonNode.Parse("""{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}"""));
    }

    /// <summary>Without what takes a response before it, or another server.</summary>
    private static string DrawResponse(JsonObject body)
    {
        if (body["input"] is not JsonArray { Count: > 0 }) body["input"] = "Hello";
        body["max_output_tokens"] = 16;
        foreach (string field in (string[])["previous_response_id", "background", "include", "top_logprobs", "stream_options", .. FieldPolicies.Response.Refused]) body.Remove(field);
        return body.ToJsonString();
    }

    [GeneratedRegex(@"\[\d+\]")]
    private static partial Regex Index();
}
