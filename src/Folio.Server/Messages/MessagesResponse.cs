using System.Text.Json.Serialization;

namespace Folio.Server;

/// <summary>The answer of /v1/messages: Anthropic's fields, those of its own tools and containers null.</summary>
/// <param name="StopReason">Null only at the beginning of a stream.</param>
/// <param name="StopSequence">The stop sequence that ended it, else null.</param>
internal sealed record MessagesResponse(
    string Id,
    string Type,
    string Role,
    IReadOnlyList<ContentBlock> Content,
    string Model,
    string? StopReason,
    string? StopSequence,
    object? StopDetails,
    object? Container,
    object? Diagnostics,
    MessagesUsage Usage);

/// <summary>What an answer cost, in tokens.</summary>
/// <param name="InputTokens">Of the prompt, those that were computed: with those of the cache they are all.</param>
/// <param name="CacheCreationInputTokens">Always 0: what is computed is cached without being asked or billed for.</param>
/// <param name="CacheReadInputTokens">Of the prompt, those that were found in the cache.</param>
/// <param name="OutputTokensDetails">Of models that mark their thoughts; else null.</param>
internal sealed record MessagesUsage(
    int InputTokens,
    int OutputTokens,
    int CacheCreationInputTokens,
    int CacheReadInputTokens,
    CacheCreation CacheCreation,
    ThinkingUsage? OutputTokensDetails,
    object? ServerToolUse,
    string ServiceTier,
    string? InferenceGeo,
    string? Speed)
{
    /// <param name="thinking">Of the answer's tokens, those of the thoughts; null: the model marks none.</param>
    public static MessagesUsage Of(int prompt, int cached, int output, int? thinking) =>
        new(prompt - cached, output, 0, cached, new(0, 0), thinking is { } tokens ? new(tokens) : null, null, "standard", null, null);
}

/// <summary>By how long they are kept: nothing here, as above.</summary>
internal sealed record CacheCreation([property: JsonPropertyName("ephemeral_5m_input_tokens")] int FiveMinutes, [property: JsonPropertyName("ephemeral_1h_input_tokens")] int OneHour);

internal sealed record ThinkingUsage(int ThinkingTokens);

/// <summary>The answer of /v1/messages/count_tokens.</summary>
/// <param name="ContextManagement">vLLM's field: nothing is ever cleared here, so the same again.</param>
internal sealed record TokenCount(int InputTokens, OriginalTokenCount ContextManagement);

internal sealed record OriginalTokenCount(int OriginalInputTokens);

/// <summary>The first event of a stream: the message, with nothing in it yet.</summary>
internal sealed record MessageStart(string Type, MessagesResponse Message)
{
    public const string Name = "message_start";
}

/// <summary>The last but one: what ended the message, and what it cost.</summary>
internal sealed record MessageDeltaEvent(string Type, MessageEnd Delta, MessagesUsage Usage)
{
    public const string Name = "message_delta";
}

internal sealed record MessageEnd(string StopReason, string? StopSequence, object? StopDetails, object? Container);

/// <summary>An event that says no more than its name: ping, message_stop.</summary>
internal sealed record BareEvent(string Type);

/// <summary>What Anthropic's clients are told of a model.</summary>
/// <param name="MaxTokens">Of an answer.</param>
internal sealed record AnthropicModel(
    string Type,
    string Id,
    string DisplayName,
    DateTimeOffset CreatedAt,
    int MaxInputTokens,
    int MaxTokens,
    object? Capabilities,
    string Lifecycle,
    object? Line,
    object? DeprecatedAt,
    object? RetiresAt);

internal sealed record AnthropicModelList(IReadOnlyList<AnthropicModel> Data, bool HasMore, string? FirstId, string? LastId);

/// <summary>These answers' JSON, generated at build time, as <see cref="WireJson"/>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, GenerationMode = JsonSourceGenerationMode.Default)]
[JsonSerializable(typeof(MessagesResponse))]
[JsonSerializable(typeof(TokenCount))]
[JsonSerializable(typeof(MessageStart))]
[JsonSerializable(typeof(BlockEvent))]
[JsonSerializable(typeof(MessageDeltaEvent))]
[JsonSerializable(typeof(BareEvent))]
[JsonSerializable(typeof(AnthropicModel))]
[JsonSerializable(typeof(AnthropicModelList))]
[JsonSerializable(typeof(AnthropicError))]
internal sealed partial class MessagesJson : JsonSerializerContext;
