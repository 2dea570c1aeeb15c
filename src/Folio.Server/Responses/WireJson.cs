using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
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
internal sealed partial class WireJson : JsonSerializerContext
{
    /// <summary>Text goes out as it is: the answers are application/json, never part of a page.</summary>
    public static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What <paramref name="write"/> writes, as UTF-8.</summary>
    public static byte[] Bytes(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, WriterOptions)) write(json);
        return buffer.WrittenSpan.ToArray();
    }
}
