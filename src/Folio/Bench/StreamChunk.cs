using System.Text.Json;
using System.Text.Json.Serialization;

namespace Folio.Bench;

/// <summary>What a benchmark reads of one event of a streamed completion.</summary>
internal sealed record StreamChunk(IReadOnlyList<StreamChoice>? Choices, StreamUsage? Usage, JsonElement? Error);

internal sealed record StreamChoice(string? Text);

internal sealed record StreamUsage(int? PromptTokens, int? CompletionTokens);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StreamChunk))]
internal sealed partial class StreamJson : JsonSerializerContext;
