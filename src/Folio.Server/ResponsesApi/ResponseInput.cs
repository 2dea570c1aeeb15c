using System.Text.Json;

namespace Folio.Server;

/// <summary>The field input as a list of items in one form, that in which they are stored and listed: each with its type and an id, texts as lists of parts.</summary>
internal static class ResponseInput
{
    private const string Kinds = "message, function_call, function_call_output and reasoning are supported";

    /// <exception cref="ApiException">The first item that can't be used.</exception>
    public static byte[] Read(Fields body)
    {
        JsonElement input = body.Get("input") ?? throw body.Missing("input", "a string or a list of items");
        return WrittenJson.Bytes(json =>
        {
            json.WriteStartArray();
            if (input.ValueKind == JsonValueKind.String) WriteMessage(json, ResponseIds.New(ResponseIds.Message), "user", () => WritePart(json, "input_text", input.GetString()!));
            else if (input.ValueKind == JsonValueKind.Array) WriteAll(json, input);
            else throw Fields.Expected("a string or a list of items", input, "input");
            json.WriteEndArray();
        });
    }

    private static void WriteAll(Utf8JsonWriter json, JsonElement list)
    {
        int index = 0;
        foreach (JsonElement item in list.EnumerateArray())
        {
            string path = $"input[{index++}]";
            Write(json, Fields.AsObject(item, path));
        }
    }

    private static void Write(Utf8JsonWriter json, Fields item)
    {
        string type = item.Text("type") ?? (item.Has("role") ? ResponseItem.MessageType : throw item.Missing("type", "message, function_call, function_call_output or reasoning"));
        switch (type)
        {
            case ResponseItem.MessageType:
                WriteMessage(json, item);
                break;
            case ResponseItem.CallType:
                WriteCall(json, item);
                break;
            case "function_call_output":
                WriteCallOutput(json, item);
                break;
            case ResponseItem.ReasoningType:
                WriteReasoning(json, item);
                break;
            case "item_reference":
                throw ApiException.BadRequest($"{item.Path("type")} is \"item_reference\", which isn't supported; send the item itself, or the id of its response as previous_response_id.", item.Path("type"));
            default:
                throw ApiException.BadRequest($"{item.Path("type")} is \"{Fields.Cut(type)}\"; {Kinds}.", item.Path("type"));
        }
    }

    private static void WriteMessage(Utf8JsonWriter json, Fields item)
    {
        item.RequireKnown("type", "id", "role", "content", "status", "phase"); // a phase tells OpenAI's models what they were about
        string role = item.RequiredText("role");
        if (role is not ("user" or "assistant" or "system" or "developer")) throw ApiException.BadRequest($"{item.Path("role")} is \"{Fields.Cut(role)}\"; user, assistant, system or developer was expected.", item.Path("role"));
        JsonElement content = item.Get("content") ?? throw item.Missing("content", "a string or a list of parts");
        string type = role == "assistant" ? "output_text" : "input_text";
        WriteMessage(json, IdOf(item, ResponseIds.Message), role, () => WriteParts(json, content, item.Path("content"), type));
    }

    private static void WriteMessage(Utf8JsonWriter json, string id, string role, Action writeParts)
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteString("type", ResponseItem.MessageType);
        json.WriteString("role", role);
        json.WriteString("status", ResponseStatus.Completed);
        json.WriteStartArray("content");
        writeParts();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <param name="type">The type that texts are to have.</param>
    private static void WriteParts(Utf8JsonWriter json, JsonElement content, string path, string type)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            WritePart(json, type, content.GetString()!);
            return;
        }

        if (content.ValueKind != JsonValueKind.Array) throw Fields.Expected("a string or a list of parts", content, path);
        int index = 0;
        foreach (JsonElement part in content.EnumerateArray())
        {
            string partPath = $"{path}[{index++}]";
            var fields = Fields.AsObject(part, partPath);
            string own = fields.RequiredText("type");
            RequirePart(fields, own);
            if (own == "refusal" && type == "output_text") WriteRefusal(json, fields.RequiredText("refusal"));
            else if (own is "input_text" or "output_text" or "text") WritePart(json, type, fields.RequiredText("text"));
            else throw ApiException.BadRequest($"{fields.Path("type")} is \"{Fields.Cut(own)}\"; this model reads text only.", fields.Path("type"));
        }
    }

    /// <summary>What a text is annotated with, and where OpenAI's cache may end, change nothing in an answer.</summary>
    private static void RequirePart(Fields part, string type)
    {
        if (type == "refusal") part.RequireKnown("type", "refusal");
        else if (type == "output_text") part.RequireKnown("type", "text", "annotations", "logprobs");
        else if (type is "input_text" or "text") part.RequireKnown("type", "text", "prompt_cache_breakpoint");
    }

    private static void WritePart(Utf8JsonWriter json, string type, string text)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteString("text", text);
        if (type == "output_text")
        {
            json.WriteStartArray("annotations");
            json.WriteEndArray();
            json.WriteStartArray("logprobs");
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteRefusal(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("type", "refusal");
        json.WriteString("refusal", text);
        json.WriteEndObject();
    }

    private static void WriteCall(Utf8JsonWriter json, Fields item)
    {
        item.RequireKnown("type", "id", "status", "call_id", "name", "arguments");
        json.WriteStartObject();
        json.WriteString("id", IdOf(item, ResponseIds.Call));
        json.WriteString("type", ResponseItem.CallType);
        json.WriteString("status", ResponseStatus.Completed);
        json.WriteString("call_id", item.RequiredText("call_id"));
        json.WriteString("name", item.RequiredText("name"));
        json.WriteString("arguments", item.RequiredText("arguments"));
        json.WriteEndObject();
    }

    private static void WriteCallOutput(Utf8JsonWriter json, Fields item)
    {
        item.RequireKnown("type", "id", "status", "call_id", "output", "name"); // the function's name, which its call has told
        json.WriteStartObject();
        json.WriteString("id", IdOf(item, ResponseIds.CallOutput));
        json.WriteString("type", "function_call_output");
        json.WriteString("status", ResponseStatus.Completed);
        json.WriteString("call_id", item.RequiredText("call_id"));
        JsonElement output = item.Get("output") ?? throw item.Missing("output", "a string or a list of parts");
        json.WritePropertyName("output");
        if (output.ValueKind == JsonValueKind.String)
        {
            output.WriteTo(json);
        }
        else
        {
            json.WriteStartArray();
            WriteParts(json, output, item.Path("output"), "input_text");
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    /// <summary>Reasoning that only the server can read that wrote it can't be taken into account.</summary>
    private static void WriteReasoning(Utf8JsonWriter json, Fields item)
    {
        item.RequireKnown("type", "id", "status", "summary", "content", "encrypted_content");
        string? encrypted = item.Text("encrypted_content");
        if (encrypted is not null && item.List("content") is null) throw ApiException.BadRequest($"{item.Path("encrypted_content")} can't be read here; reasoning comes back as this server wrote it, in content.", item.Path("encrypted_content"));
        json.WriteStartObject();
        json.WriteString("id", IdOf(item, ResponseIds.Reasoning));
        json.WriteString("type", ResponseItem.ReasoningType);
        json.WriteString("status", ResponseStatus.Completed);
        WriteTexts(json, item, "summary", "summary_text");
        WriteTexts(json, item, "content", "reasoning_text");
        json.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter json, Fields item, string name, string type)
    {
        json.WriteStartArray(name);
        int index = 0;
        foreach (JsonElement part in item.List(name)?.EnumerateArray() ?? default)
        {
            string path = $"{item.Path(name)}[{index++}]";
            var fields = Fields.AsObject(part, path);
            fields.RequireKnown("type", "text");
            WritePart(json, type, fields.RequiredText("text"));
        }

        json.WriteEndArray();
    }

    private static string IdOf(Fields item, string kind) => item.Text("id") is { Length: > 0 } id ? id : ResponseIds.New(kind);
}
