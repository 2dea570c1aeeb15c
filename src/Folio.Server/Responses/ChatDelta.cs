using System.Text.Json;
using System.Text.Json.Serialization;
using Folio.Chat;

namespace Folio.Server;

/// <summary>What a choice gains with an event: the role, or one piece of the message, or nothing.</summary>
/// <remarks>Only what there is is written, but for a call's first delta, which has vLLM's <c>"content": null</c>.</remarks>
[JsonConverter(typeof(Converter))]
internal readonly record struct ChatDelta(string? Role, MessageDelta? Piece)
{
    /// <summary>The first of a choice.</summary>
    public static ChatDelta Opening { get; } = new("assistant", new(DeltaKind.Content, ""));

    internal sealed class Converter : JsonConverter<ChatDelta>
    {
        public override ChatDelta Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException("deltas are only written");

        public override void Write(Utf8JsonWriter writer, ChatDelta value, JsonSerializerOptions options)
        {
            writer.WriteStartObject();
            if (value.Role is not null) writer.WriteString("role", value.Role);
            if (value.Piece is { } piece) Write(writer, piece);
            writer.WriteEndObject();
        }

        private static void Write(Utf8JsonWriter writer, MessageDelta piece)
        {
            switch (piece.Kind)
            {
                case DeltaKind.Content:
                    writer.WriteString("content", piece.Text);
                    break;
                case DeltaKind.Reasoning:
                    writer.WriteString("reasoning", piece.Text);
                    writer.WriteString("reasoning_content", piece.Text);
                    break;
                default:
                    WriteCall(writer, piece);
                    break;
            }
        }

        private static void WriteCall(Utf8JsonWriter writer, MessageDelta piece)
        {
            bool begins = piece.Kind == DeltaKind.Call;
            if (begins) writer.WriteNull("content");
            writer.WriteStartArray("tool_calls");
            writer.WriteStartObject();
            if (begins)
            {
                writer.WriteString("id", piece.Id);
                writer.WriteString("type", "function");
            }

            writer.WriteNumber("index", piece.Index);
            writer.WriteStartObject("function");
            writer.WriteString(begins ? "name" : "arguments", piece.Text);
            writer.WriteEndObject();
            writer.WriteEndObject();
            writer.WriteEndArray();
        }
    }
}
