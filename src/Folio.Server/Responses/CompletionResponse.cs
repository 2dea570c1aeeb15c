using System.Text.Json.Serialization;

namespace Folio.Server;

/// <summary>The answer of /v1/completions: vLLM's fields in vLLM's order, nulls sent.</summary>
internal sealed record CompletionResponse(
    string Id,
    string Object,
    long Created,
    string Model,
    IReadOnlyList<CompletionChoice> Choices,
    string? ServiceTier,
    string SystemFingerprint,
    Usage Usage,
    object? KvTransferParams,
    object? EcTransferParams,
    object? Metrics)
{
    public const string ObjectName = "text_completion";
}

/// <param name="Index">prompt · n + sample.</param>
/// <param name="StopReason">The stop string or the stop id that ended it, or null.</param>
internal sealed record CompletionChoice(
    int Index,
    string Text,
    CompletionLogprobs? Logprobs,
    string FinishReason,
    StopReason StopReason,
    IReadOnlyList<int>? TokenIds,
    IReadOnlyList<IReadOnlyDictionary<string, PromptLogprob>?>? PromptLogprobs,
    IReadOnlyList<int>? PromptTokenIds,
    object? RoutedExperts);

/// <summary>Log-probabilities as four lists of the same length.</summary>
/// <param name="TextOffset">Where each token begins, in Unicode characters of the choice's text.</param>
/// <param name="TokenLogprobs">Null for the prompt's first token.</param>
/// <param name="TopLogprobs">By token text, the chosen one first.</param>
internal sealed record CompletionLogprobs(
    IReadOnlyList<int> TextOffset,
    IReadOnlyList<float?> TokenLogprobs,
    IReadOnlyList<string> Tokens,
    IReadOnlyList<IReadOnlyDictionary<string, float>?> TopLogprobs);

/// <summary>One likely id at a position of the prompt.</summary>
internal sealed record PromptLogprob(float Logprob, int Rank, string DecodedToken);

/// <summary>An event of a completion's stream.</summary>
internal sealed record CompletionChunk(
    string Id,
    string Object,
    long Created,
    string Model,
    IReadOnlyList<CompletionChunkChoice> Choices,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] StreamUsage? Usage,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? SystemFingerprint);

internal sealed record CompletionChunkChoice(
    int Index,
    string Text,
    CompletionLogprobs? Logprobs,
    string? FinishReason,
    StopReason StopReason,
    IReadOnlyList<int>? PromptTokenIds,
    IReadOnlyList<int>? TokenIds);
