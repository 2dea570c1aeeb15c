using System.Text.Json;

namespace Folio.Server.Tests;

/// <summary>The exchanges recorded from vLLM, asked of Folio: same status, same fields, in the same order, of the same types.</summary>
public sealed class RecordedShapeTests(ServedFixture fixture) : IClassFixture<ServedFixture>
{
    /// <summary>Where Folio means to differ, and why.</summary>
    private static readonly Dictionary<string, string> OtherStatus = new()
    {
        ["stream-best-of"] = "best_of above n can't be streamed; vLLM ignores it",
        ["unknown-field"] = "unknown fields are refused, as OpenAI does, instead of ignored",
        ["priority1"] = "a priority is refused where the policy looks at none, as vLLM documents and doesn't do",
        ["repetition-detection"] = "refused by name",
        ["beam-stop"] = "stop strings are refused beside beams; vLLM ignores them",
        ["so-grammar-lark"] = "grammars are in llama.cpp's form",
        ["so-structural-tag"] = "refused by name",
        ["detokenize-oov"] = "ids beyond the vocabulary are refused; vLLM drops them without a word",
    };

    /// <summary>Fields whose presence vLLM gets wrong.</summary>
    private static readonly string[] UnaskedPromptIds = ["stream-echo-logprobs", "stream-echo-max0"];

    public static TheoryData<string, int, string> Exchanges()
    {
        var data = new TheoryData<string, int, string>();
        foreach (string file in TestData.SharedNames("vectors/http", "*.jsonl").Where(name => name is "completions.jsonl" or "tokenize.jsonl" or "structured.jsonl"))
        {
            foreach ((int line, string text) in File.ReadLines(TestData.Shared("vectors", "http", file)).Index()) data.Add(file, line, JsonElement.Parse(text).GetProperty("id").GetString()!);
        }

        if (data.Count == 0) data.Add("completions.jsonl", 0, "");
        return data;
    }

    [Theory]
    [MemberData(nameof(Exchanges))]
    public async Task Answers_have_the_recorded_shape(string file, int line, string id)
    {
        var exchange = JsonElement.Parse(File.ReadLines(TestData.Shared("vectors", "http", file)).ElementAt(line));
        JsonElement request = exchange.GetProperty("request"), recorded = exchange.GetProperty("response");
        string body = request.GetProperty("body").GetRawText().Replace("\"smol\"", "\"demo\"").Replace("\"smol-alias\"", "\"demo-alias\"");
        Reply reply = await fixture.Server.PostAsync(request.GetProperty("path").GetString()!, FitVocabulary(body));

        int status = recorded.GetProperty("status").GetInt32();
        if (OtherStatus.ContainsKey(id))
        {
            reply.Refused(400);
            return;
        }

        Assert.True(status == reply.Status, $"vLLM {status}, Folio {reply.Status}: {reply.Text}");
        Assert.Equal(recorded.GetProperty("headers").GetProperty("content-type").GetString(), reply.Response.Content.Headers.ContentType!.ToString());
        if (status != 200) reply.Refused(status);
        else if (recorded.TryGetProperty("sse", out JsonElement sse)) CompareStreams(sse.GetString()!, reply, ignorePromptIds: UnaskedPromptIds.Contains(id));
        else AssertShape(JsonElement.Parse(recorded.GetProperty("body").GetString()!), reply.Json, "");
    }

    /// <summary>Ids of SmolLM2's 49152 that the demo model lacks.</summary>
    private static string FitVocabulary(string body) => body.Replace("19556", "1955").Replace("49152", "8184").Replace("99999", "9999");

    /// <summary>The first event, the last, that which ends a choice, and the order in which kinds of events come.</summary>
    private static void CompareStreams(string sse, Reply reply, bool ignorePromptIds)
    {
        Assert.EndsWith("\n\ndata: [DONE]\n\n", sse);
        Assert.EndsWith("\n\ndata: [DONE]\n\n", reply.Text);
        JsonElement[] theirs = Events(sse), ours = [.. reply.Events];
        string[] prompt = ignorePromptIds ? ["prompt_token_ids"] : [];
        AssertShape(theirs[0], ours[0], "first", prompt);
        AssertShape(theirs[^1], ours[^1], "last", prompt);
        AssertShape(Ending(theirs), Ending(ours), "ending", prompt);
        Assert.Equal(Kinds(theirs), Kinds(ours));

        static JsonElement Ending(JsonElement[] events) =>
            events.Last(chunk => chunk.GetProperty("choices").EnumerateArray().Any(choice => choice.GetProperty("finish_reason").ValueKind == JsonValueKind.String));
    }

    /// <summary>What the events of the first choice, and those without a choice, are for: runs of the same kind once, since models differ in how much they say.</summary>
    private static List<string> Kinds(JsonElement[] events)
    {
        List<string> kinds = [];
        foreach (JsonElement data in events)
        {
            JsonElement choices = data.GetProperty("choices");
            if (choices.GetArrayLength() > 0 && choices[0].GetProperty("index").GetInt32() > 0) continue;
            bool ends = choices.GetArrayLength() > 0 && choices[0].GetProperty("finish_reason").ValueKind == JsonValueKind.String;
            string kind = $"{(choices.GetArrayLength() == 0 ? "none" : ends ? "end" : "piece")}: {string.Join(' ', data.EnumerateObject().Select(field => field.Name))}";
            if (kinds.Count == 0 || kinds[^1] != kind) kinds.Add(kind);
        }

        return kinds;
    }

    /// <summary>Objects: the same names in the same order. Values: the same type, where neither is null.</summary>
    private static void AssertShape(JsonElement theirs, JsonElement ours, string path, params string[] mayBeNull)
    {
        // What ended the answer depends on the model: a stop string that one never says.
        if (path.EndsWith(".stop_reason", StringComparison.Ordinal) && (theirs.ValueKind == JsonValueKind.Null || ours.ValueKind == JsonValueKind.Null)) return;
        if (mayBeNull.Any(name => path.EndsWith($".{name}", StringComparison.Ordinal))) return;
        Assert.True(Kind(theirs) == Kind(ours), $"{path}: vLLM {theirs}, Folio {ours}");
        if (theirs.ValueKind == JsonValueKind.Array)
        {
            if (theirs.GetArrayLength() == 0 || ours.GetArrayLength() == 0) return;
            AssertShape(theirs[0], ours[0], $"{path}[0]", mayBeNull);
            AssertShape(theirs[theirs.GetArrayLength() - 1], ours[ours.GetArrayLength() - 1], $"{path}[-1]", mayBeNull);
        }
        else if (theirs.ValueKind == JsonValueKind.Object && !IsByToken(path))
        {
            string[] names = [.. theirs.EnumerateObject().Select(field => field.Name)];
            Assert.Equal(names, ours.EnumerateObject().Select(field => field.Name));
            foreach (string name in names) AssertShape(theirs.GetProperty(name), ours.GetProperty(name), $"{path}.{name}", [.. mayBeNull, "created_cache_tokens", "token_strs", "prompt_tokens_details"]);
        }
        else if (theirs.ValueKind == JsonValueKind.Object)
        {
            AssertShape(theirs.EnumerateObject().First().Value, ours.EnumerateObject().First().Value, $"{path}.*", mayBeNull);
        }
    }

    /// <summary>Objects whose names are tokens or ids.</summary>
    private static bool IsByToken(string path) => path.Contains("top_logprobs[", StringComparison.Ordinal) || (path.Contains("prompt_logprobs[", StringComparison.Ordinal) && path.EndsWith(']'));

    private static string Kind(JsonElement value) => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? "flag" : value.ValueKind.ToString();

    private static JsonElement[] Events(string sse) =>
        [.. sse.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(line => line.StartsWith("data: {", StringComparison.Ordinal)).Select(line => JsonElement.Parse(line["data: ".Length..]))];
}
