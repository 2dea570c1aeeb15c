using System.Text.Json;
using System.Text.Json.Serialization;

namespace Folio.Server;

/// <summary>A response: vLLM's fields in vLLM's order, and those that OpenAI's description demands besides. Null fields are sent where that description allows it.</summary>
internal sealed record ResponseObject
{
    public required string Id { get; init; }

    /// <summary>Unix time.</summary>
    public required long CreatedAt { get; init; }

    public IncompleteDetails? IncompleteDetails { get; init; }

    public string? Instructions { get; init; }

    public JsonElement? Metadata { get; init; }

    public required string Model { get; init; }

    public string Object { get; } = "response";

    public IReadOnlyList<ResponseItem> Output { get; init; } = [];

    public bool ParallelToolCalls { get; init; }

    public float Temperature { get; init; }

    public JsonElement ToolChoice { get; init; }

    public JsonElement Tools { get; init; }

    public float TopP { get; init; }

    public bool Background { get; }

    public int? MaxOutputTokens { get; init; }

    public int? MaxToolCalls { get; init; }

    public string? PreviousResponseId { get; init; }

    public object? Prompt { get; }

    public JsonElement? Reasoning { get; init; }

    public string ServiceTier { get; } = "auto";

    public string Status { get; init; } = ResponseStatus.InProgress;

    public JsonElement Text { get; init; }

    public int? TopLogprobs { get; init; }

    public required string Truncation { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ResponseUsage? Usage { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? User { get; init; }

    public float PresencePenalty { get; init; }

    public float FrequencyPenalty { get; init; }

    public object? KvTransferParams { get; }

    public object? EcTransferParams { get; }

    public object? InputMessages { get; }

    public object? OutputMessages { get; }

    public ResponseError? Error { get; init; }

    public long? CompletedAt { get; init; }

    public bool Store { get; init; }
}

/// <summary>OpenAI's words for how far a response, or one of its items, has come.</summary>
internal static class ResponseStatus
{
    public const string InProgress = "in_progress", Completed = "completed", Incomplete = "incomplete", Failed = "failed";
}

internal sealed record IncompleteDetails(string Reason);

/// <param name="Code">One of OpenAI's words.</param>
internal sealed record ResponseError(string Code, string Message);

internal sealed record ResponseUsage(int InputTokens, InputTokensDetails InputTokensDetails, int OutputTokens, OutputTokensDetails OutputTokensDetails, int TotalTokens)
{
    /// <param name="cached">Of the input's tokens, those that were found in the prefix cache.</param>
    /// <param name="reasoning">Of the output's tokens, those of the reasoning.</param>
    public static ResponseUsage Of(int input, int cached, int output, int reasoning) => new(input, new(cached, 0, [], []), output, new(reasoning, 0, [], []), input + output);
}

/// <param name="CachedTokens">Input tokens that were not computed again.</param>
/// <param name="CacheWriteTokens">What OpenAI bills for writing into its cache: nothing here.</param>
/// <param name="InputTokensPerTurn">vLLM's, of tools that a server runs: always empty.</param>
/// <param name="CachedTokensPerTurn">The same.</param>
internal sealed record InputTokensDetails(int CachedTokens, int CacheWriteTokens, IReadOnlyList<int> InputTokensPerTurn, IReadOnlyList<int> CachedTokensPerTurn);

/// <param name="ToolOutputTokens">vLLM's, of tools that a server runs: always 0.</param>
/// <param name="OutputTokensPerTurn">The same: always empty.</param>
/// <param name="ToolOutputTokensPerTurn">The same.</param>
internal sealed record OutputTokensDetails(int ReasoningTokens, int ToolOutputTokens, IReadOnlyList<int> OutputTokensPerTurn, IReadOnlyList<int> ToolOutputTokensPerTurn);
