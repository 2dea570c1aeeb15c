using System.Text;
using System.Text.Json;

namespace Folio.Requests;

/// <summary>A request's messages as chat templates expect them: content as one text, a tool call's arguments as an object, "developer" as "system" (vLLM's rules).</summary>
internal sealed class ChatMessages : IDisposable
{
    /// <summary>Arguments stand inside a body of as many levels.</summary>
    public const int MaxArgumentDepth = 64;

    /// <summary>How deep the messages nest, arguments included.</summary>
    public static readonly JsonDocumentOptions Nesting = new() { MaxDepth = 2 * MaxArgumentDepth };

    private readonly JsonDocument _document;

    private ChatMessages(JsonDocument document, string finalText) => (_document, FinalText) = (document, finalText);

    /// <summary>One message: <c>[{"role", "content"}]</c>.</summary>
    public static ChatMessages Of(string role, string content) => Write([], role, content);

    public JsonElement Element => _document.RootElement;

    /// <summary>The last message's content.</summary>
    public string FinalText { get; }

    /// <param name="body">The request.</param>
    /// <param name="template">The source of the template that is to read them.</param>
    /// <exception cref="ApiException">The first message that can't be used.</exception>
    public static ChatMessages Read(Fields body, string template)
    {
        JsonElement list = body.List("messages") ?? throw body.Missing("messages", "a list of messages");
        int count = list.GetArrayLength();
        if (count == 0) throw ApiException.BadRequest("messages must have at least one message.", "messages");

        string content = "";
        byte[] messages = WrittenJson.Bytes(writer =>
        {
            writer.WriteStartArray();
            int index = 0;
            HashSet<string> calls = new(StringComparer.Ordinal);
            foreach (JsonElement message in list.EnumerateArray())
            {
                var fields = Fields.AsObject(message, $"messages[{index++}]");
                MessageMembers.RequireOfMessage(fields, template);
                content = Write(writer, fields, MessageMembers.RoleOf(fields, template), calls);
            }

            writer.WriteEndArray();
        });
        return new(JsonDocument.Parse(messages, Nesting), content);
    }

    /// <summary>The same messages with one more behind them.</summary>
    public ChatMessages FollowedBy(string role, string content) => Write(Element.EnumerateArray(), role, content);

    public void Dispose() => _document.Dispose();

    private static ChatMessages Write(IEnumerable<JsonElement> first, string role, string content)
    {
        byte[] messages = WrittenJson.Bytes(writer =>
        {
            writer.WriteStartArray();
            foreach (JsonElement message in first) message.WriteTo(writer);
            writer.WriteStartObject();
            writer.WriteString("role", role);
            writer.WriteString("content", content);
            writer.WriteEndObject();
            writer.WriteEndArray();
        });
        return new(JsonDocument.Parse(messages, Nesting), content);
    }

    /// <param name="writer">The messages.</param>
    /// <param name="fields">The message.</param>
    /// <param name="role">Who speaks.</param>
    /// <param name="called">Ids of the calls so far; gains those of the message.</param>
    /// <returns>The message's content.</returns>
    private static string Write(Utf8JsonWriter writer, Fields fields, string role, HashSet<string> called)
    {
        if (role == "tool" && fields.Text("tool_call_id") is { } id && !called.Contains(id))
            throw ApiException.BadRequest($"{fields.Path("tool_call_id")} is \"{Fields.Cut(id)}\", which no call in tool_calls before it has.", fields.Path("tool_call_id"));
        bool hasCalls = role == "assistant" && fields.List("tool_calls") is { } calls && calls.GetArrayLength() > 0;
        string? content = Content(fields, role, hasCalls);

        writer.WriteStartObject();
        writer.WriteString("role", role == "developer" ? "system" : role);
        if (content is null) writer.WriteNull("content");
        else writer.WriteString("content", content);
        foreach (JsonProperty field in fields.Element.EnumerateObject())
        {
            if (field.Name is "role" or "content" || field.Value.ValueKind == JsonValueKind.Null) continue;
            if (field.Name == "tool_calls") WriteToolCalls(writer, field.Value, fields.Path("tool_calls"), called);
            else field.WriteTo(writer);
        }

        writer.WriteEndObject();
        return content ?? "";
    }

    /// <summary>Null, or left out, only in an assistant's message: beside tool calls, or as an empty text.</summary>
    private static string? Content(Fields message, string role, bool hasCalls)
    {
        string path = message.Path("content");
        message.Element.TryGetProperty("content", out JsonElement content);
        return content.ValueKind switch
        {
            JsonValueKind.String => content.GetString()!,
            JsonValueKind.Array => string.Join('\n', content.EnumerateArray().Select((part, index) => TextOf(part, $"{path}[{index}]"))),
            JsonValueKind.Null or JsonValueKind.Undefined when hasCalls => null,
            JsonValueKind.Null or JsonValueKind.Undefined when role == "assistant" => "",
            JsonValueKind.Undefined => throw message.Missing("content", "a string or a list of parts"),
            _ => throw Fields.Expected("a string or a list of parts", content, path),
        };
    }

    private static string TextOf(JsonElement part, string path)
    {
        if (part.ValueKind == JsonValueKind.String) return part.GetString()!;
        var fields = Fields.AsObject(part, path);
        string type = fields.RequiredText("type");
        string field = type switch
        {
            "text" or "input_text" or "output_text" => "text",
            "refusal" => "refusal",
            _ => throw ApiException.BadRequest($"{path}.type is \"{Fields.Cut(type)}\"; this model reads text only.", $"{path}.type"),
        };
        MessageMembers.RequireOfPart(fields, type);
        return fields.RequiredText(field);
    }

    private static void WriteToolCalls(Utf8JsonWriter writer, JsonElement calls, string path, HashSet<string> called)
    {
        if (calls.ValueKind != JsonValueKind.Array) throw Fields.Expected("a list", calls, path);
        writer.WriteStartArray("tool_calls");
        int index = 0;
        foreach (JsonElement call in calls.EnumerateArray())
        {
            string callPath = $"{path}[{index++}]";
            var fields = Fields.AsObject(call, callPath);
            Fields function = fields.RequiredObject("function", "an object with the function's name");
            MessageMembers.RequireOfCall(fields, function);
            function.RequiredText("name");
            if (fields.Text("id") is { } id) called.Add(id);
            writer.WriteStartObject();
            foreach (JsonProperty field in call.EnumerateObject())
            {
                if (field.Name == "function") WriteFunction(writer, field.Value, $"{callPath}.function");
                else field.WriteTo(writer);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>OpenAI sends arguments as JSON in a string; templates iterate over the object.</summary>
    private static void WriteFunction(Utf8JsonWriter writer, JsonElement function, string path)
    {
        writer.WriteStartObject("function");
        foreach (JsonProperty field in function.EnumerateObject())
        {
            if (field.Name == "arguments" && field.Value.ValueKind == JsonValueKind.String) WriteArguments(writer, field.Value.GetString()!, $"{path}.arguments");
            else field.WriteTo(writer);
        }

        writer.WriteEndObject();
    }

    private static void WriteArguments(Utf8JsonWriter writer, string json, string path)
    {
        writer.WritePropertyName("arguments");
        if (json.Length == 0)
        {
            writer.WriteStartObject();
            writer.WriteEndObject();
            return;
        }

        byte[] bytes = Encoding.UTF8.GetBytes(json);
        try
        {
            using JsonDocument arguments = StrictJson.Parse(bytes, MaxArgumentDepth);
            if (arguments.RootElement.ValueKind != JsonValueKind.Object) throw ApiException.BadRequest($"{path} must hold a JSON object.", path);
            arguments.RootElement.WriteTo(writer);
        }
        catch (JsonException error)
        {
            throw ApiException.BadRequest(JsonFault.Tell(error, bytes, MaxArgumentDepth, path), path);
        }
    }
}
