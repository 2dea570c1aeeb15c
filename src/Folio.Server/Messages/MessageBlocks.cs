using System.Text.Json;

namespace Folio.Server;

/// <summary>The blocks of which Anthropic's messages are made, as a request has them.</summary>
internal static class MessageBlocks
{
    /// <summary>The blocks of a list, each with its type.</summary>
    public static IEnumerable<(string Type, Fields Block)> Of(JsonElement list, string path)
    {
        if (list.ValueKind != JsonValueKind.Array) throw Fields.Expected("a string or a list of blocks", list, path);
        int index = 0;
        foreach (JsonElement block in list.EnumerateArray())
        {
            string at = $"{path}[{index++}]";
            var fields = Fields.AsObject(block, at);
            fields.Object("cache_control"); // what is asked twice is found without being marked
            string type = fields.RequiredText("type");
            RequireKnown(type, fields);
            yield return (type, fields);
        }
    }

    /// <summary>The members that Anthropic's types have; what a text cites, and who called a tool, is not told to the model.</summary>
    private static void RequireKnown(string type, Fields block)
    {
        if (type == "text") block.RequireKnown("type", "text", "citations", "cache_control");
        else if (type == "tool_use") block.RequireKnown("type", "id", "name", "input", "caller", "cache_control");
        else if (type == "tool_result") block.RequireKnown("type", "tool_use_id", "content", "is_error", "cache_control");
        else if (type == "thinking") block.RequireKnown("type", "thinking", "signature", "cache_control");
        else if (type == "redacted_thinking") block.RequireKnown("type", "data", "cache_control");
    }

    /// <summary>The texts of what can be nothing else: a string, or a list of text blocks.</summary>
    public static IEnumerable<string> Texts(JsonElement content, string path) =>
        content.ValueKind == JsonValueKind.String ? [content.GetString()!] : Of(content, path).Select(each => each.Type == "text" ? each.Block.RequiredText("text") : throw Unreadable(each.Type, each.Block));

    /// <summary>What a tool_result block has for the model to read. That it is an error is said in words: templates have none of their own for it.</summary>
    public static string Result(Fields block)
    {
        string text = block.Get("content") is { } content ? string.Join('\n', Texts(content, block.Path("content"))) : "";
        return block.Flag("is_error") == true ? $"Error: {text}" : text;
    }

    public static ApiException Unreadable(string type, Fields block) => ApiException.BadRequest($"{block.Path("type")} is \"{Fields.Cut(type)}\"; this model reads text only.", block.Path("type"));
}
