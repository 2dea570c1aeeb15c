using System.Text;
using System.Text.Json;

namespace Folio.Server.Tests;

/// <summary>The Responses API, asked and looked at.</summary>
internal static class ResponseReplies
{
    public static Task<Reply> RespondAsync(this Server server, object body) => server.PostAsync("/v1/responses", body);

    /// <summary>A response that was answered.</summary>
    public static JsonElement Response(this Reply reply) => reply.Ok().Json;

    /// <summary>The events of a stream, after a look at what all streams have in common.</summary>
    public static IReadOnlyList<JsonElement> ResponseEvents(this Reply reply)
    {
        Assert.Equal("text/event-stream", reply.Ok().Response.Content.Headers.ContentType?.MediaType);
        List<JsonElement> events = [];
        string[] blocks = reply.Text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("data: [DONE]", blocks[^1]);
        foreach (string block in blocks[..^1])
        {
            string[] lines = block.Split('\n');
            Assert.Equal(2, lines.Length);
            JsonElement data = JsonElement.Parse(lines[1]["data: ".Length..]);
            Assert.Equal($"event: {TypeOf(data)}", lines[0]);
            Assert.Equal(events.Count, data.GetProperty("sequence_number").GetInt32());
            events.Add(data);
        }

        Assert.Equal(["response.created", "response.in_progress"], events.Take(2).Select(TypeOf));
        Assert.Contains(TypeOf(events[^1]), (string[])["response.completed", "response.incomplete", "response.failed"]);
        return events;
    }

    public static string TypeOf(JsonElement each) => each.GetProperty("type").GetString()!;

    public static JsonElement[] Output(this JsonElement response) => [.. response.GetProperty("output").EnumerateArray()];

    /// <summary>The texts of a response's messages, joined.</summary>
    public static string Text(this JsonElement response) => string.Concat(response.Output().Where(item => TypeOf(item) == "message").SelectMany(item => item.GetProperty("content").EnumerateArray()).Select(part => part.GetProperty("text").GetString()));

    public static string Id(this JsonElement response) => response.GetProperty("id").GetString()!;

    /// <summary>Without what differs between two runs: names and times.</summary>
    public static string Comparable(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Array) return $"[{string.Join(',', element.EnumerateArray().Select(Comparable))}]";
        if (element.ValueKind != JsonValueKind.Object) return element.GetRawText();
        return $"{{{string.Join(',', element.EnumerateObject().Where(field => field.Name is not ("id" or "call_id" or "created_at" or "completed_at")).Select(field => $"{field.Name}:{Comparable(field.Value)}"))}}}";
    }

    /// <summary>The items that a stream's deltas add up to, checked against what its events say at the ends.</summary>
    public static List<JsonElement> Assemble(IEnumerable<JsonElement> events)
    {
        List<JsonElement> items = [];
        var text = new StringBuilder();
        var logprobs = new List<string>();
        JsonElement? open = null;
        foreach (JsonElement each in events)
        {
            string type = TypeOf(each);
            if (type is "response.created" or "response.in_progress" or "response.completed" or "response.incomplete" or "response.failed") continue;
            Assert.Equal(items.Count, each.GetProperty("output_index").GetInt32());
            if (type == "response.output_item.added")
            {
                Assert.Null(open);
                open = each.GetProperty("item");
                Assert.Equal("in_progress", open.Value.GetProperty("status").GetString());
                text.Clear();
                logprobs.Clear();
                continue;
            }

            string id = open!.Value.GetProperty("id").GetString()!;
            Assert.Equal(id, (each.TryGetProperty("item_id", out JsonElement named) ? named : each.GetProperty("item").GetProperty("id")).GetString());
            switch (type)
            {
                case "response.output_text.delta" or "response.reasoning_text.delta" or "response.function_call_arguments.delta":
                    text.Append(each.GetProperty("delta").GetString());
                    if (each.TryGetProperty("logprobs", out JsonElement own)) logprobs.AddRange(own.EnumerateArray().Select(entry => entry.GetRawText()));
                    break;
                case "response.output_text.done" or "response.reasoning_text.done":
                    Assert.Equal(text.ToString(), each.GetProperty("text").GetString());
                    if (each.TryGetProperty("logprobs", out JsonElement all)) Assert.Equal(logprobs, all.EnumerateArray().Select(entry => entry.GetRawText()));
                    break;
                case "response.function_call_arguments.done":
                    Assert.Equal(text.ToString(), each.GetProperty("arguments").GetString());
                    Assert.Equal(open.Value.GetProperty("name").GetString(), each.GetProperty("name").GetString());
                    break;
                case "response.content_part.added":
                    Assert.Equal("", each.GetProperty("part").GetProperty("text").GetString());
                    break;
                case "response.content_part.done":
                    Assert.Equal(text.ToString(), each.GetProperty("part").GetProperty("text").GetString());
                    break;
                default:
                    Assert.Equal("response.output_item.done", type);
                    JsonElement item = each.GetProperty("item");
                    string whole = TypeOf(item) == "function_call" ? item.GetProperty("arguments").GetString()! : item.GetProperty("content")[0].GetProperty("text").GetString()!;
                    Assert.Equal((id, text.ToString()), (item.GetProperty("id").GetString(), whole));
                    items.Add(item);
                    open = null;
                    break;
            }
        }

        Assert.Null(open);
        return items;
    }
}
