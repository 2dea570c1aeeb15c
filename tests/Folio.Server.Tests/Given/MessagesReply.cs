using System.Text.Json;

namespace Folio.Server.Tests;

/// <summary>Answers of /v1/messages.</summary>
public static class MessagesReply
{
    /// <summary>The events of a stream, after a look at their order: start, blocks one behind the other, what ended it, stop; and whether each is named as it says itself.</summary>
    public static JsonElement[] MessageEvents(this Reply reply)
    {
        List<JsonElement> events = [];
        foreach (string lines in reply.Text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            string[] two = lines.Split('\n');
            Assert.Equal(2, two.Length);
            JsonElement data = JsonElement.Parse(two[1]["data: ".Length..]);
            Assert.Equal($"event: {data.GetProperty("type").GetString()}", two[0]);
            events.Add(data);
        }

        string[] types = [.. events.Select(each => each.GetProperty("type").GetString()!)];
        Assert.Equal(["message_start", "message_delta", "message_stop"], [types[0], types[^2], types[^1]]);
        int index = -1;
        bool isOpen = false;
        foreach (JsonElement each in events.Skip(1).SkipLast(2).Where(each => each.GetProperty("type").GetString() != "ping"))
        {
            string type = each.GetProperty("type").GetString()!;
            Assert.Equal(isOpen ? index : index + 1, each.GetProperty("index").GetInt32());
            Assert.Equal(type == "content_block_start", !isOpen);
            if (!isOpen) index++;
            isOpen = type != "content_block_stop";
        }

        Assert.False(isOpen);
        return [.. events];
    }

    /// <summary>The blocks that a stream's events add up to, as a client adds them.</summary>
    public static List<(string Type, string Text, string More)> StreamedBlocks(this Reply reply)
    {
        List<(string Type, string Text, string More)> blocks = [];
        foreach (JsonElement each in reply.MessageEvents())
        {
            if (each.TryGetProperty("content_block", out JsonElement block)) blocks.Add((block.GetProperty("type").GetString()!, "", block.TryGetProperty("name", out JsonElement name) ? name.GetString()! : ""));
            if (each.GetProperty("type").GetString() != "content_block_delta") continue;
            JsonElement delta = each.GetProperty("delta");
            (string kind, string field) = delta.GetProperty("type").GetString() switch
            {
                "text_delta" => ("text", "text"),
                "thinking_delta" => ("thinking", "thinking"),
                "input_json_delta" => ("tool_use", "partial_json"),
                _ => ("thinking", "signature"),
            };
            Assert.Equal(blocks[^1].Type, kind);
            string piece = delta.GetProperty(field).GetString()!;
            blocks[^1] = field == "signature" ? blocks[^1] with { More = piece } : blocks[^1] with { Text = blocks[^1].Text + piece };
        }

        return blocks;
    }

    /// <summary>The blocks of a whole message: type; text, thoughts or input; tool's name or signature.</summary>
    public static List<(string Type, string Text, string More)> Blocks(this Reply reply) =>
    [
        .. reply.Json.GetProperty("content").EnumerateArray().Select(block => block.GetProperty("type").GetString() switch
        {
            "text" => ("text", block.GetProperty("text").GetString()!, ""),
            "thinking" => ("thinking", block.GetProperty("thinking").GetString()!, block.GetProperty("signature").GetString()!),
            _ => ("tool_use", block.GetProperty("input").GetRawText(), block.GetProperty("name").GetString()!),
        }),
    ];

    /// <summary>Whether Anthropic's API was asked.</summary>
    public static bool IsOfAnthropics(this Reply reply) =>
        reply.Response.RequestMessage!.RequestUri!.AbsolutePath.StartsWith("/v1/messages", StringComparison.Ordinal) || reply.Response.RequestMessage.Headers.Contains("anthropic-version");

    /// <summary>Asserts Anthropic's error body.</summary>
    public static Reply RefusedAsAnthropic(this Reply reply, int status, string? type = null, string? saying = null)
    {
        Assert.True(reply.Status == status, $"expected {status}, got {reply.Status}: {reply.Text}");
        Assert.Equal(["type", "error", "request_id"], reply.Json.EnumerateObject().Select(field => field.Name));
        Assert.Equal("error", reply.Json.GetProperty("type").GetString());
        JsonElement error = reply.Json.GetProperty("error");
        Assert.Equal(["type", "message"], error.EnumerateObject().Select(field => field.Name));
        Assert.Equal(reply.Response.Headers.GetValues("request-id").Single(), reply.Json.GetProperty("request_id").GetString());
        if (type is not null) Assert.Equal(type, error.GetProperty("type").GetString());
        if (saying is not null) Assert.Contains(saying, error.GetProperty("message").GetString());
        return reply;
    }
}
