using System.Text.Json.Serialization;
using Folio.Chat;

namespace Folio.Server;

/// <summary>The answer of /v1/chat/completions: vLLM's fields in vLLM's order, nulls sent.</summary>
internal sealed record ChatResponse(
    string Id,
    string Object,
    long Created,
    string Model,
    IReadOnlyList<ChatChoice> Choices,
    string? ServiceTier,
    string SystemFingerprint,
    Usage Usage,
    IReadOnlyList<IReadOnlyDictionary<string, PromptLogprob>?>? PromptLogprobs,
    IReadOnlyList<int>? PromptTokenIds,
    string? PromptText,
    object? KvTransferParams,
    object? EcTransferParams,
    object? Metrics)
{
    public const string ObjectName = "chat.completion";
}

internal sealed record ChatChoice(
    int Index,
    ChatMessage Message,
    ChatLogprobs? Logprobs,
    string FinishReason,
    StopReason StopReason,
    IReadOnlyList<int>? TokenIds,
    object? RoutedExperts);

/// <param name="ToolCalls">Left out where there are none, as vLLM does.</param>
/// <param name="Reasoning">vLLM's name of it.</param>
/// <param name="ReasoningContent">DeepSeek's name of the same, which many clients read.</param>
internal sealed record ChatMessage(
    string Role,
    string? Content,
    string? Refusal,
    object? Annotations,
    object? Audio,
    object? FunctionCall,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ChatToolCall>? ToolCalls,
    string? Reasoning,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ReasoningContent)
{
    /// <param name="continued">The text that the answer continues, to be put in front.</param>
    /// <param name="isForced">Calls were demanded: beside them vLLM sends an empty text, where a model that chose to call has none.</param>
    public static ChatMessage Assistant(AssembledMessage message, string continued, bool isForced)
    {
        string content = continued + message.Content;
        string? reasoning = message.Reasoning.Length > 0 ? message.Reasoning : null;
        ChatToolCall[] calls = [.. message.Calls.Select(call => new ChatToolCall(call.Id, "function", new(call.Name, call.Arguments)))];
        bool hasText = content.Length > 0 || calls.Length == 0 || isForced;
        return new("assistant", hasText ? content : null, null, null, null, null, calls.Length > 0 ? calls : null, reasoning, reasoning);
    }
}

internal sealed record ChatToolCall(string Id, string Type, ChatFunctionCall Function);

/// <param name="Arguments">JSON, as the model wrote it.</param>
internal sealed record ChatFunctionCall(string Name, string Arguments);

/// <param name="Refusal">A field that OpenAI's clients require; always null.</param>
internal sealed record ChatLogprobs(IReadOnlyList<ChatTokenLogprob> Content, object? Refusal = null);

/// <param name="Bytes">The token's own bytes; a character may take several tokens.</param>
internal sealed record ChatTokenLogprob(string Token, float Logprob, IReadOnlyList<int> Bytes, IReadOnlyList<ChatTopLogprob> TopLogprobs);

internal sealed record ChatTopLogprob(string Token, float Logprob, IReadOnlyList<int> Bytes);

/// <summary>An event of a chat's stream.</summary>
internal sealed record ChatChunk(
    string Id,
    string Object,
    long Created,
    string Model,
    IReadOnlyList<ChatChunkChoice> Choices,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] StreamUsage? Usage,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? SystemFingerprint)
{
    public const string ObjectName = "chat.completion.chunk";
}

/// <summary>The event that opens a choice: the one with the prompt's fields.</summary>
internal sealed record ChatOpeningChunk(
    string Id,
    string Object,
    long Created,
    string Model,
    IReadOnlyList<ChatChunkChoice> Choices,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] StreamUsage? Usage,
    IReadOnlyList<int>? PromptTokenIds,
    string? PromptText);

internal sealed record ChatChunkChoice(
    int Index,
    ChatDelta Delta,
    ChatLogprobs? Logprobs,
    string? FinishReason,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] StopReason? StopReason,
    IReadOnlyList<int>? TokenIds);
