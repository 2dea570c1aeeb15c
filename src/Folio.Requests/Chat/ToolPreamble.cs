using System.Text.Json;
using Folio.Chat;

namespace Folio.Requests;

/// <summary>Conversations with tools for a template that knows none: the tools are told in the system message, calls and results are written as plain turns.</summary>
/// <remarks>The wording is that of Qwen's templates, which most models have met; the form of a call is that in which the server reads the answer.</remarks>
internal static class ToolPreamble
{
    /// <param name="messages">The conversation, as <see cref="ChatMessages"/> has it.</param>
    /// <param name="tools">The request's tools; null: they are not to be told.</param>
    /// <param name="frame">How calls are written.</param>
    public static JsonElement Write(JsonElement messages, JsonElement? tools, CallFrame frame)
    {
        if (tools is null && !messages.EnumerateArray().Any(IsOfTools)) return messages;
        byte[] told = WrittenJson.Bytes(writer =>
        {
            writer.WriteStartArray();
            string preamble = tools is { } offered ? Describe(offered, frame) : "";
            foreach (JsonElement message in messages.EnumerateArray())
            {
                bool isSystem = message.GetProperty("role").ValueEquals("system");
                if (preamble.Length > 0 && !isSystem) Write(writer, "system", preamble);
                if (isSystem && preamble.Length > 0) Write(writer, "system", $"{ContentOf(message)}\n\n{preamble}");
                else Write(writer, message, frame);
                preamble = ""; // it is told at the beginning
            }

            writer.WriteEndArray();
        });
        return JsonElement.Parse(told, ChatMessages.Nesting);
    }

    private static bool IsOfTools(JsonElement message) => message.GetProperty("role").ValueEquals("tool") || HasCalls(message);

    private static bool HasCalls(JsonElement message) =>
        message.GetProperty("role").ValueEquals("assistant") && message.TryGetProperty("tool_calls", out JsonElement calls) && calls.GetArrayLength() > 0;

    private static string Describe(JsonElement tools, CallFrame frame) =>
        "# Tools\n\nYou may call one or more functions to assist with the user query.\n\nYou are provided with function signatures within <tools></tools> XML tags:\n<tools>\n"
        + string.Concat(tools.EnumerateArray().Select(tool => $"{tool.GetRawText()}\n"))
        + $"</tools>\n\nTo call a function, write:\n{frame.Write([("<function-name>", "<args-json-object>")])}";

    private static void Write(Utf8JsonWriter writer, JsonElement message, CallFrame frame)
    {
        if (HasCalls(message))
        {
            string content = ContentOf(message);
            string written = frame.Write(message.GetProperty("tool_calls").EnumerateArray().Select(call => call.GetProperty("function")).Select(function => (NameOf(function), ArgumentsOf(function))));
            Write(writer, "assistant", content.Length == 0 ? written : $"{content}\n{written}");
        }
        else if (message.GetProperty("role").ValueEquals("tool"))
        {
            Write(writer, "user", $"<tool_response>\n{ContentOf(message)}\n</tool_response>");
        }
        else
        {
            message.WriteTo(writer);
        }
    }

    private static void Write(Utf8JsonWriter writer, string role, string content)
    {
        writer.WriteStartObject();
        writer.WriteString("role", role);
        writer.WriteString("content", content);
        writer.WriteEndObject();
    }

    private static string ContentOf(JsonElement message) => message.GetProperty("content").GetString() ?? "";

    private static string NameOf(JsonElement function) => function.GetProperty("name").GetString()!;

    private static string ArgumentsOf(JsonElement function) => function.TryGetProperty("arguments", out JsonElement arguments) ? arguments.GetRawText() : "{}";
}
