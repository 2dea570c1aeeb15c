using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Folio.Server;

internal enum BlockKind
{
    Text,
    Thinking,
    ToolUse,
}

/// <summary>A block of an answer.</summary>
/// <param name="Text">The text, the thoughts, or the JSON of the tool's input as the model wrote it.</param>
/// <param name="Id">The call's id; else null.</param>
/// <param name="Name">The tool's name; else null.</param>
/// <param name="Signature">Of thoughts; else null.</param>
[JsonConverter(typeof(Converter))]
internal sealed record ContentBlock(BlockKind Kind, string Text = "", string? Id = null, string? Name = null, string? Signature = null)
{
    internal sealed class Converter : JsonConverter<ContentBlock>
    {
        public override ContentBlock Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException("blocks are only written");

        public override void Write(Utf8JsonWriter writer, ContentBlock value, JsonSerializerOptions options)
        {
            writer.WriteStartObject();
            switch (value.Kind)
            {
                case BlockKind.Text:
                    writer.WriteString("type", "text");
                    writer.WriteString("text", value.Text);
                    writer.WriteNull("citations");
                    break;
                case BlockKind.Thinking:
                    writer.WriteString("type", "thinking");
                    writer.WriteString("thinking", value.Text);
                    writer.WriteString("signature", value.Signature ?? "");
                    break;
                default:
                    writer.WriteString("type", "tool_use");
                    writer.WriteString("id", value.Id);
                    writer.WriteString("name", value.Name);
                    writer.WritePropertyName("input");
                    writer.WriteRawValue(CutJson.Close(Encoding.UTF8.GetBytes(value.Text)), skipInputValidation: true);
                    writer.WriteStartObject("caller");
                    writer.WriteString("type", "direct");
                    writer.WriteEndObject();
                    break;
            }

            writer.WriteEndObject();
        }
    }
}
