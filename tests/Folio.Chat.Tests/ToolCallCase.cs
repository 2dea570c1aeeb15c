using System.Text.Json;

namespace Folio.Chat.Tests;

/// <summary>A case of the reference vectors: what a model wrote, and the messages that are right.</summary>
internal sealed class ToolCallCase(JsonElement element)
{
    private static readonly Lazy<IReadOnlyList<ToolCallCase>> LazyAll = new(() =>
        [.. JsonElement.Parse(File.ReadAllText(TestData.Shared("vectors", "tool-calls", "cases.json"))).EnumerateArray().Select(item => new ToolCallCase(item))]);

    /// <summary>Skips the test where the vectors are absent.</summary>
    public static IReadOnlyList<ToolCallCase> All => LazyAll.Value;

    public string Id => element.GetProperty("id").GetString()!;

    /// <summary>The model's output, without the marks that end it.</summary>
    public string Text
    {
        get
        {
            string text = element.GetProperty("text").GetString()!;
            if (!element.TryGetProperty("stop_marks", out JsonElement marks)) return text;
            foreach (JsonElement mark in marks.EnumerateArray())
            {
                if (text.EndsWith(mark.GetString()!, StringComparison.Ordinal)) text = text[..^mark.GetString()!.Length];
            }

            return text;
        }
    }

    public MessageFormat Format => new(ToolsOf(element.GetProperty("format").GetString()!), ReasoningOf(ReasoningParser));

    public ParserOptions Options => new() { Tools = Tools, ReasoningIsOpen = ReasoningParser == "think_open_in_prompt" };

    /// <summary>Whether a message is one of the right ones: white space at both ends of texts doesn't count, arguments are compared as JSON.</summary>
    public bool Accepts(Message message) => Right.Any(right => IsEqual(right, message));

    /// <summary>The accepted messages have calls, and none has markup in its content.</summary>
    public bool IsWellFormed => element.GetProperty("expected").GetProperty("tool_calls").GetArrayLength() > 0 && !element.TryGetProperty("also_accept", out _);

    private string? ReasoningParser => element.TryGetProperty("reasoning_parser", out JsonElement parser) ? parser.GetString() : null;

    private IReadOnlyList<ToolDefinition> Tools => !element.TryGetProperty("tools", out JsonElement tools) ? []
        : [.. tools.EnumerateArray().Select(tool => tool.GetProperty("function")).Select(function => new ToolDefinition(function.GetProperty("name").GetString()!, function.GetProperty("parameters")))];

    private IEnumerable<JsonElement> Right => element.TryGetProperty("also_accept", out JsonElement others)
        ? others.EnumerateArray().Prepend(element.GetProperty("expected")) : [element.GetProperty("expected")];

    private static bool IsEqual(JsonElement right, Message message)
    {
        if (TrimmedText(right, "content") != message.Content.Trim() || TrimmedText(right, "reasoning_content") != message.Reasoning.Trim()) return false;
        JsonElement[] calls = [.. right.GetProperty("tool_calls").EnumerateArray()];
        if (calls.Length != message.Calls.Count) return false;
        return calls.Zip(message.Calls).All(pair => pair.First.GetProperty("name").GetString() == pair.Second.Name && HasArguments(pair.First, pair.Second.Arguments));
    }

    private static bool HasArguments(JsonElement call, string arguments) => call.TryGetProperty("arguments_text", out JsonElement text)
        ? text.GetString() == arguments
        : JsonElement.DeepEquals(call.GetProperty("arguments"), JsonElement.Parse(arguments));

    private static string TrimmedText(JsonElement message, string name) => message.GetProperty(name).GetString()?.Trim() ?? "";

    private static ToolFormat? ToolsOf(string format) => format switch
    {
        "think" => null,
        "llama_pythonic" => ToolFormat.Pythonic,
        "mistral_v11" => ToolFormat.MistralNamed,
        "harmony" => ToolFormat.Harmony,
        _ => ToolFormat.ByName[format],
    };

    private static ReasoningFormat? ReasoningOf(string? parser) => parser switch
    {
        null => null,
        "think" or "think_open_in_prompt" => ReasoningFormat.Think,
        _ => ReasoningFormat.ByName[parser],
    };
}
