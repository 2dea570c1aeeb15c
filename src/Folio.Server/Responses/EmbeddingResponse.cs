using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Folio.Server;

/// <summary>The answer of /v1/embeddings: vLLM's fields in vLLM's order, OpenAI's among them.</summary>
internal sealed record EmbeddingResponse(string Id, string Object, long Created, string Model, IReadOnlyList<EmbeddingItem> Data, Usage Usage);

internal sealed record EmbeddingItem(int Index, string Object, EmbeddingVector Embedding);

/// <summary>A vector, as the client wants it written.</summary>
[JsonConverter(typeof(Converter))]
internal readonly record struct EmbeddingVector(float[] Values, bool AsBase64)
{
    internal sealed class Converter : JsonConverter<EmbeddingVector>
    {
        public override EmbeddingVector Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException("embeddings are only written");

        public override void Write(Utf8JsonWriter writer, EmbeddingVector value, JsonSerializerOptions options)
        {
            if (value.AsBase64)
            {
                writer.WriteBase64StringValue(LittleEndian(value.Values));
                return;
            }

            writer.WriteStartArray();
            foreach (float number in value.Values) writer.WriteNumberValue(number);
            writer.WriteEndArray();
        }

        private static ReadOnlySpan<byte> LittleEndian(float[] values)
        {
            if (BitConverter.IsLittleEndian) return MemoryMarshal.AsBytes(values.AsSpan());
            byte[] bytes = new byte[values.Length * sizeof(float)];
            for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), values[i]);
            return bytes;
        }
    }
}
