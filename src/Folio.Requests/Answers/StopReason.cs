using System.Text.Json;
using System.Text.Json.Serialization;
using Folio.Engine;

namespace Folio.Requests;

/// <summary>What ended an answer, vLLM's way: the stop string, the stop id, or null for EOS and for length.</summary>
[JsonConverter(typeof(Converter))]
internal readonly record struct StopReason(object? Value)
{
    /// <summary>OpenAI's word.</summary>
    public static string Name(FinishReason reason) => reason switch
    {
        FinishReason.Stop => "stop",
        FinishReason.Length => "length",
        _ => "abort",
    };

    internal sealed class Converter : JsonConverter<StopReason>
    {
        public override StopReason Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
        {
            JsonTokenType.String => new(reader.GetString()),
            JsonTokenType.Number => new(reader.GetInt32()),
            _ => default,
        };

        public override void Write(Utf8JsonWriter writer, StopReason value, JsonSerializerOptions options)
        {
            if (value.Value is string text) writer.WriteStringValue(text);
            else if (value.Value is int id) writer.WriteNumberValue(id);
            else writer.WriteNullValue();
        }
    }
}
