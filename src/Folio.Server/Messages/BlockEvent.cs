using System.Text.Json;
using System.Text.Json.Serialization;

namespace Folio.Server;

internal enum BlockEventKind
{
    Start,
    Text,
    Thinking,
    Input,
    Signature,
    Stop,
}

/// <summary>What happens to a block of an answer: it begins, gains something, or ends. An event of a stream.</summary>
/// <param name="Text">What is gained.</param>
/// <param name="Block">The block that begins, still empty; else null.</param>
[JsonConverter(typeof(Converter))]
internal readonly record struct BlockEvent(BlockEventKind Kind, int Index, string Text = "", ContentBlock? Block = null)
{
    /// <summary>The event's name.</summary>
    public string Name => Kind switch
    {
        BlockEventKind.Start => "content_block_start",
        BlockEventKind.Stop => "content_block_stop",
        _ => "content_block_delta",
    };

    internal sealed class Converter : JsonConverter<BlockEvent>
    {
        public override BlockEvent Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException("events are only written");

        public override void Write(Utf8JsonWriter writer, BlockEvent value, JsonSerializerOptions options)
        {
            writer.WriteStartObject();
            writer.WriteString("type", value.Name);
            writer.WriteNumber("index", value.Index);
            if (value.Block is { } block)
            {
                writer.WritePropertyName("content_block");
                JsonSerializer.Serialize(writer, block, MessagesJson.Default.ContentBlock);
            }
            else if (value.Kind != BlockEventKind.Stop)
            {
                (string type, string field) = value.Kind switch
                {
                    BlockEventKind.Text => ("text_delta", "text"),
                    BlockEventKind.Thinking => ("thinking_delta", "thinking"),
                    BlockEventKind.Input => ("input_json_delta", "partial_json"),
                    _ => ("signature_delta", "signature"),
                };
                writer.WriteStartObject("delta");
                writer.WriteString("type", type);
                writer.WriteString(field, value.Text);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }
    }
}
