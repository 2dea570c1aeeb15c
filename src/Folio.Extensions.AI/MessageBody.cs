using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Folio.Engine;
using Microsoft.Extensions.AI;

namespace Folio.Extensions.AI;

/// <summary>Messages as /v1/chat/completions has them.</summary>
internal static class MessageBody
{
    /// <param name="messages">The conversation.</param>
    /// <param name="instructions">Put in front of the system message, or in its place: many templates know one only, at the beginning.</param>
    /// <exception cref="RequestException">A message has what this model can't read.</exception>
    public static JsonArray Of(IEnumerable<ChatMessage> messages, string? instructions)
    {
        var list = new JsonArray();
        int index = 0;
        foreach (ChatMessage message in messages) Add(list, message, $"messages[{index++}]");
        if (!string.IsNullOrEmpty(instructions)) Instruct(list, instructions);
        return list;
    }

    private static void Instruct(JsonArray list, string instructions)
    {
        if (list.Count == 0 || list[0]!["role"]!.GetValue<string>() != ChatRole.System.Value)
        {
            list.Insert(0, (JsonNode)new JsonObject { ["role"] = ChatRole.System.Value, ["content"] = instructions });
            return;
        }

        JsonNode system = list[0]!;
        if (system["content"] is JsonArray parts) parts.Insert(0, (JsonNode)Part(instructions));
        else system["content"] = $"{instructions}\n{system["content"]!.GetValue<string>()}";
    }

    private static void Add(JsonArray list, ChatMessage message, string path)
    {
        List<string> texts = [];
        var reasoning = new StringBuilder();
        var calls = new JsonArray();
        bool hasResults = false;
        foreach (AIContent content in message.Contents)
        {
            switch (content)
            {
                case TextContent text:
                    texts.Add(text.Text);
                    break;
                case TextReasoningContent thought:
                    reasoning.Append(thought.Text);
                    break;
                case FunctionCallContent call:
                    calls.Add((JsonNode)Call(call, path));
                    break;
                case FunctionResultContent result:
                    list.Add((JsonNode)new JsonObject { ["role"] = ChatRole.Tool.Value, ["tool_call_id"] = result.CallId, ["content"] = TextOf(result, path) });
                    hasResults = true;
                    break;
                case UsageContent:
                    break; // a figure of the answer that this once was
                default:
                    throw new RequestException($"{path} has a {content.GetType().Name}; this model reads text, function calls and their results.", path);
            }
        }

        if (hasResults && texts.Count + calls.Count == 0) return;
        var written = new JsonObject { ["role"] = message.Role.Value };
        if (message.AuthorName is { } author) written["name"] = author;
        if (texts.Count > 0 || calls.Count == 0) written["content"] = texts.Count > 1 ? new JsonArray([.. texts.Select(Part)]) : texts.FirstOrDefault("");
        if (reasoning.Length > 0) written["reasoning_content"] = reasoning.ToString();
        if (calls.Count > 0) written["tool_calls"] = calls;
        list.Add((JsonNode)written);
    }

    private static JsonObject Part(string text) => new() { ["type"] = "text", ["text"] = text };

    private static JsonObject Call(FunctionCallContent call, string path) => new()
    {
        ["id"] = call.CallId,
        ["type"] = "function",
        ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = Arguments(call, path).ToJsonString() },
    };

    private static JsonObject Arguments(FunctionCallContent call, string path)
    {
        var arguments = new JsonObject();
        foreach ((string name, object? value) in call.Arguments ?? new Dictionary<string, object?>()) arguments[name] = Body.Node(value, $"{path}: the argument {name} of {call.Name}");
        return arguments;
    }

    private static string TextOf(FunctionResultContent result, string path) => result.Result switch
    {
        null => result.Exception is { } error ? $"Error: {error.Message}" : "",
        string text => text,
        TextContent text => text.Text,
        JsonElement { ValueKind: JsonValueKind.String } text => text.GetString()!,
        _ => Body.Node(result.Result, $"{path}: a function's result")?.ToJsonString() ?? "",
    };
}
