using System.Text.Json.Serialization;

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

internal sealed record ChatMessage(string Role, string? Content, string? Refusal, object? Annotations, object? Audio, object? FunctionCall, string? Reasoning)
{
    public static ChatMessage Assistant(string content) => new("assistant", content, null, null, null, null, null);
}

internal sealed record ChatLogprobs(IReadOnlyList<ChatTokenLogprob> Content);

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

internal sealed record ChatDelta(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Role,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Content);
