using System.Text.Json;

namespace Folio.Server.Tests;

/// <summary>The exchanges with vLLM's /v1/messages that were recorded, asked of Folio: same status, and every field that vLLM sends, of the same type. Anthropic's clients expect a few more.</summary>
public sealed class RecordedMessagesTests(ServedFixture fixture) : IClassFixture<ServedFixture>
{
    /// <summary>Where Folio means to differ, and why.</summary>
    private static readonly Dictionary<string, int> OtherStatus = new()
    {
        ["tools-any"] = 200,   // vLLM fails to read the call that it has forced
        ["tools-named"] = 200, // the same
        ["max0"] = 200,        // caches the prompt, as at Anthropic
    };

    public static TheoryData<string> Exchanges()
    {
        var data = new TheoryData<string>();
        foreach (string file in TestData.SharedNames("vectors/http", "*.jsonl").Where(name => name == "messages.jsonl"))
        {
            foreach (string line in File.ReadLines(Path.Combine(TestData.Repository, "..", "shared", "vectors", "http", file))) data.Add(JsonElement.Parse(line).GetProperty("id").GetString()!);
        }

        if (data.Count == 0) data.Add("");
        return data;
    }

    [Theory]
    [MemberData(nameof(Exchanges))]
    public async Task Answers_have_what_vLLM_sends(string id)
    {
        JsonElement exchange = File.ReadLines(TestData.Shared("vectors", "http", "messages.jsonl")).Select(line => JsonElement.Parse(line)).First(line => line.GetProperty("id").GetString() == id);
        JsonElement request = exchange.GetProperty("request"), recorded = exchange.GetProperty("response");
        Reply reply = await fixture.Server.PostAsync(request.GetProperty("path").GetString()!, request.GetProperty("body").GetRawText().Replace("\"smol\"", "\"demo\""));
        if (OtherStatus.TryGetValue(id, out int other))
        {
            Assert.Equal(other, reply.Status);
            return;
        }

        Assert.True(recorded.GetProperty("status").GetInt32() == reply.Status, reply.Text);
        if (reply.Status != 200) reply.RefusedAsAnthropic(reply.Status);
        else if (recorded.TryGetProperty("sse", out JsonElement sse)) CompareStreams(sse.GetString()!, reply.MessageEvents());
        else AssertHas(JsonElement.Parse(recorded.GetProperty("body").GetString()!), reply.Json, "");
    }

    private static void CompareStreams(string theirs, JsonElement[] ours)
    {
        foreach (JsonElement each in theirs.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(lines => JsonElement.Parse(lines.Split("data: ")[1])))
        {
            string type = each.GetProperty("type").GetString()!;
            AssertHas(each, ours.First(one => one.GetProperty("type").GetString() == type), type);
        }
    }

    private static void AssertHas(JsonElement theirs, JsonElement ours, string path)
    {
        if (theirs.ValueKind == JsonValueKind.Null || path.EndsWith(".stop_sequence", StringComparison.Ordinal)) return; // what the model says, it may stop otherwise
        Assert.True(theirs.ValueKind == ours.ValueKind, $"{path}: vLLM {theirs}, Folio {ours}");
        if (theirs.ValueKind == JsonValueKind.Array && theirs.GetArrayLength() > 0) AssertHas(theirs[0], ours[0], $"{path}[0]");
        if (theirs.ValueKind != JsonValueKind.Object) return;
        foreach (JsonProperty field in theirs.EnumerateObject()) AssertHas(field.Value, ours.TryGetProperty(field.Name, out JsonElement value) ? value : default, $"{path}.{field.Name}");
    }
}
