using System.Text.Json;
using System.Text.Json.Serialization;

namespace Folio.Server;

/// <summary>The JSON of the Responses API, generated at build time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, GenerationMode = JsonSourceGenerationMode.Default)]
[JsonSerializable(typeof(ResponseObject))]
[JsonSerializable(typeof(ResponseEvent))]
[JsonSerializable(typeof(IReadOnlyList<ResponseItem>))]
[JsonSerializable(typeof(ResponseItemList))]
[JsonSerializable(typeof(ResponseDeleted))]
internal sealed partial class ResponseJson : JsonSerializerContext;

/// <summary>A page of a response's input.</summary>
internal sealed record ResponseItemList(string Object, IReadOnlyList<JsonElement> Data, string FirstId, string LastId, bool HasMore);

internal sealed record ResponseDeleted(string Id, string Object, bool Deleted);
