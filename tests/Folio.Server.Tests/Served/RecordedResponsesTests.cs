using System.Text.Json;

namespace Folio.Server.Tests;

/// <summary>The exchanges of /v1/responses recorded from vLLM, asked of Folio: same status, same order of events, and all of its fields, of the same types.</summary>
public sealed class RecordedResponsesTests(ServedFixture fixture) : IClassFixture<ServedFixture>
{
    private const string File = "responses.jsonl";

    /// <summary>Fields that OpenAI's description doesn't let be null: they are left out instead. <c>phase</c> is of messages before the answer, which no model here marks.</summary>
    private static readonly string[] LeftOut = ["usage", "user", "phase", "caller", "namespace", "description", "strict", "verbosity", "allowed_callers", "async", "defer_loading", "output_schema"];

    public static TheoryData<string> Exchanges() =>
        TestData.SharedNames("vectors/http", File).Count == 0 ? [""] : [.. Lines(Path.Combine(TestData.Repository, "..", "shared", "vectors", "http", File)).Select(exchange => exchange.GetProperty("id").GetString()!)];

    [Theory, MemberData(nameof(Exchanges))]
    public async Task Answers_have_the_recorded_shape(string id)
    {
        JsonElement exchange = Lines(TestData.Shared("vectors", "http", File)).First(line => line.GetProperty("id").GetString() == id), request = exchange.GetProperty("request"), recorded = exchange.GetProperty("response");
        string path = request.GetProperty("path").GetString()!;
        Reply reply = request.GetProperty("method").GetString() == "GET" ? await fixture.Server.GetAsync(path)
            : await fixture.Server.PostAsync(path, request.TryGetProperty("body", out JsonElement body) ? body.GetRawText().Replace("\"smol\"", "\"demo\"") : "");

        int status = id == "previous" ? 400 : recorded.GetProperty("status").GetInt32(); // OpenAI's own answer where the previous response is gone
        if (status != 200)
        {
            reply.Refused(status);
        }
        else if (recorded.TryGetProperty("sse", out JsonElement sse))
        {
            JsonElement[] theirs = [.. sse.GetString()!.Split('\n').Where(line => line.StartsWith("data: {", StringComparison.Ordinal)).Select(line => JsonElement.Parse(line["data: ".Length..]))];
            IReadOnlyList<JsonElement> ours = reply.ResponseEvents();
            string[] expected = Order(theirs);
            Assert.Equal("response.completed", expected[^1]);
            expected[^1] = $"response.{theirs[^1].GetProperty("response").GetProperty("status").GetString()}"; // vLLM calls a response completed that was cut off, and says in it that it is incomplete; OpenAI has an event for that
            Assert.Equal(expected, Order(ours));
            foreach (JsonElement each in theirs.SkipLast(1)) AssertShape(each, ours.First(own => ResponseReplies.TypeOf(own) == ResponseReplies.TypeOf(each)), ResponseReplies.TypeOf(each));
            AssertShape(theirs[^1].GetProperty("response"), ours[^1].GetProperty("response"), "the end");
        }
        else
        {
            AssertShape(JsonElement.Parse(recorded.GetProperty("body").GetString()!), reply.Response(), "");
        }
    }

    /// <summary>Objects: all of vLLM's names. Values: the same type, where neither is null.</summary>
    private static void AssertShape(JsonElement theirs, JsonElement ours, string path)
    {
        if (theirs.ValueKind == JsonValueKind.Null || ours.ValueKind == JsonValueKind.Null) return;
        Assert.True(Kind(theirs) == Kind(ours), $"{path}: vLLM {theirs}, Folio {ours}");
        if (theirs.ValueKind == JsonValueKind.Array && theirs.GetArrayLength() > 0 && ours.GetArrayLength() > 0) AssertShape(theirs[0], ours[0], $"{path}[0]");
        if (theirs.ValueKind != JsonValueKind.Object || (ours.TryGetProperty("type", out JsonElement own) && theirs.TryGetProperty("type", out JsonElement other) && !JsonElement.DeepEquals(own, other))) return; // a cut call is a call here, and text there
        foreach (JsonProperty field in theirs.EnumerateObject())
        {
            if (ours.TryGetProperty(field.Name, out JsonElement mine)) AssertShape(field.Value, mine, $"{path}.{field.Name}");
            else Assert.True(LeftOut.Contains(field.Name) && field.Value.ValueKind == JsonValueKind.Null, $"{path}.{field.Name} is missing");
        }
    }

    /// <summary>The events' types in their order, where one follows another of its own type that one alone: how many pieces a text comes in is the model's.</summary>
    private static string[] Order(IEnumerable<JsonElement> events)
    {
        List<string> order = [];
        foreach (string type in events.Select(ResponseReplies.TypeOf))
        {
            if (order.Count == 0 || order[^1] != type) order.Add(type);
        }

        return [.. order];
    }

    private static string Kind(JsonElement value) => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? "flag" : value.ValueKind.ToString();

    private static IEnumerable<JsonElement> Lines(string path) => System.IO.File.ReadLines(path).Select(line => JsonElement.Parse(line));
}
