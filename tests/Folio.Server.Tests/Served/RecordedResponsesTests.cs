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
            Assert.Equal("response.created", ResponseReplies.TypeOf(theirs[0]));
            foreach (JsonElement each in theirs)
            {
                if (ours.FirstOrDefault(own => ResponseReplies.TypeOf(own) == ResponseReplies.TypeOf(each)) is { ValueKind: JsonValueKind.Object } own) AssertShape(each, own, ResponseReplies.TypeOf(each));
            }

            if (id == "stream") Assert.Equal([.. Kinds(theirs).SkipLast(1), "response.incomplete"], Kinds(ours)); // vLLM calls it completed, though it was cut off
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

    private static string[] Kinds(IEnumerable<JsonElement> events) => [.. events.Select(ResponseReplies.TypeOf).Distinct()];

    private static string Kind(JsonElement value) => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? "flag" : value.ValueKind.ToString();

    private static IEnumerable<JsonElement> Lines(string path) => System.IO.File.ReadLines(path).Select(line => JsonElement.Parse(line));
}
