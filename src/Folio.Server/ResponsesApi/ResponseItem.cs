using System.Text.Json.Serialization;

namespace Folio.Server;

/// <summary>A piece of a response's output: a message, the reasoning before it, or a call of a function. What its kind doesn't have is left out.</summary>
internal sealed record ResponseItem(string Id, string Type, string Status)
{
    public const string MessageType = "message", ReasoningType = "reasoning", CallType = "function_call";

    /// <summary>Of a message: "assistant".</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Role { get; init; }

    /// <summary>Of reasoning. Always empty: the reasoning itself is told.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ResponsePart>? Summary { get; init; }

    /// <summary>Of a message and of reasoning.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ResponsePart>? Content { get; init; }

    /// <summary>Of a call: the name by which its result comes back.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CallId { get; init; }

    /// <summary>Of a call: the function's.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    /// <summary>Of a call: JSON, as the model wrote it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Arguments { get; init; }

    public ResponseItem WithoutLogprobs() => Content is null ? this : this with { Content = [.. Content.Select(part => part.Logprobs is { Count: > 0 } ? part with { Logprobs = [] } : part)] };

    public static ResponseItem Message() => new(ResponseIds.New(ResponseIds.Message), MessageType, ResponseStatus.InProgress) { Role = "assistant", Content = [] };

    public static ResponseItem Reasoning() => new(ResponseIds.New(ResponseIds.Reasoning), ReasoningType, ResponseStatus.InProgress) { Summary = [], Content = [] };

    public static ResponseItem Call(string callId, string name) => new(ResponseIds.New(ResponseIds.Call), CallType, ResponseStatus.InProgress) { CallId = callId, Name = name, Arguments = "" };
}

/// <summary>The text of an item.</summary>
/// <param name="Annotations">Of a message's text; always empty.</param>
/// <param name="Logprobs">Of a message's text; empty unless asked for.</param>
internal sealed record ResponsePart(
    string Type,
    string Text,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Annotations = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ChatTokenLogprob>? Logprobs = null)
{
    public static ResponsePart Output(string text, IReadOnlyList<ChatTokenLogprob> logprobs) => new("output_text", text, [], logprobs);

    public static ResponsePart Reasoning(string text) => new("reasoning_text", text);
}
