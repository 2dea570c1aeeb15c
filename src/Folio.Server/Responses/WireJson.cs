using System.Text.Json.Serialization;

namespace Folio.Server;

/// <summary>The answers' JSON, generated at build time: snake_case names, fields in the order of the records.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, GenerationMode = JsonSourceGenerationMode.Default)]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(CompletionResponse))]
[JsonSerializable(typeof(CompletionChunk))]
[JsonSerializable(typeof(ChatResponse))]
[JsonSerializable(typeof(ChatChunk))]
[JsonSerializable(typeof(ChatOpeningChunk))]
[JsonSerializable(typeof(EmbeddingResponse))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ModelCard))]
[JsonSerializable(typeof(TokenizeResponse))]
[JsonSerializable(typeof(DetokenizeResponse))]
[JsonSerializable(typeof(PrefixCard))]
[JsonSerializable(typeof(PrefixList))]
[JsonSerializable(typeof(PrefixDeleted))]
[JsonSerializable(typeof(ResetResponse))]
[JsonSerializable(typeof(VersionResponse))]
[JsonSerializable(typeof(StatusResponse))]
[JsonSerializable(typeof(IsPausedResponse))]
[JsonSerializable(typeof(LoadResponse))]
[JsonSerializable(typeof(PageState))]
internal sealed partial class WireJson : JsonSerializerContext;
