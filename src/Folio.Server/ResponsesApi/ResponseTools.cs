using System.Text.Json;

namespace Folio.Server;

/// <summary>The fields tools, tool_choice and parallel_tool_calls: as those of a chat, and as a response repeats them.</summary>
/// <param name="Offered">A list of functions.</param>
internal sealed record ResponseTools(JsonElement Offered, JsonElement Choice, bool Parallel)
{
    private static readonly JsonElement s_auto = JsonElement.Parse("\"auto\""u8);

    /// <param name="json">A chat's body, which gets them.</param>
    /// <param name="names">Gets to know where they came from.</param>
    public static ResponseTools Read(Fields body, Utf8JsonWriter json, FieldNames names)
    {
        List<Fields> tools = [];
        foreach (JsonElement tool in body.List("tools")?.EnumerateArray() ?? default) tools.Add(ReadTool(tool, $"tools[{tools.Count}]"));
        WriteTools(json, names, tools);
        JsonElement? choice = body.Get("tool_choice");
        if (choice is { } given) WriteChoice(json, names, given, hasTools: tools.Count > 0);
        bool? parallel = body.Flag("parallel_tool_calls");
        if (parallel is { } told) json.WriteBoolean("parallel_tool_calls", told);
        return new(Describe(tools), choice?.Clone() ?? s_auto, parallel ?? true);
    }

    private static Fields ReadTool(JsonElement tool, string path)
    {
        var fields = Fields.AsObject(tool, path);
        string type = fields.Text("type") ?? throw ApiException.BadRequest($"{path}.type is missing; function was expected.", $"{path}.type");
        if (type != "function") throw ApiException.BadRequest($"{path}.type is \"{Fields.Cut(type)}\"; only function is supported: this server has no tools of its own.", $"{path}.type");
        fields.RequireKnown("type", "name", "description", "parameters", "strict", "defer_loading", "allowed_callers");
        if (fields.Texts("allowed_callers") is { } callers && callers is not ["direct"]) throw ApiException.BadRequest($"{path}.allowed_callers isn't supported, but for [\"direct\"]: the model alone calls.", $"{path}.allowed_callers");
        if (fields.Flag("defer_loading") == true) throw ApiException.BadRequest($"{path}.defer_loading isn't supported: all tools are told.", $"{path}.defer_loading");
        return fields;
    }

    private static void WriteTools(Utf8JsonWriter json, FieldNames names, List<Fields> tools)
    {
        if (tools.Count == 0) return;
        json.WriteStartArray("tools");
        foreach ((int index, Fields tool) in tools.Index())
        {
            names.Add($"tools[{index}].function", $"tools[{index}]");
            json.WriteStartObject();
            json.WriteString("type", "function");
            json.WriteStartObject("function");
            foreach (string name in (ReadOnlySpan<string>)["name", "description", "parameters", "strict"])
            {
                if (tool.Get(name) is not { } value) continue;
                json.WritePropertyName(name);
                value.WriteTo(json);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>What needs no tools may be said without any.</summary>
    private static void WriteChoice(Utf8JsonWriter json, FieldNames names, JsonElement choice, bool hasTools)
    {
        if (choice.ValueKind != JsonValueKind.Object)
        {
            if (!hasTools && choice.ValueKind == JsonValueKind.String && (choice.ValueEquals("auto") || choice.ValueEquals("none"))) return;
            json.WritePropertyName("tool_choice");
            choice.WriteTo(json);
            return;
        }

        Fields fields = new(choice, "tool_choice.");
        json.WriteStartObject("tool_choice");
        switch (fields.Text("type"))
        {
            case "function":
                fields.RequireKnown("type", "name");
                names.Add("tool_choice.function", "tool_choice");
                json.WriteString("type", "function");
                WriteFunction(json, choice);
                break;
            case "allowed_tools":
                fields.RequireKnown("type", "mode", "tools");
                json.WriteString("type", "allowed_tools");
                WriteAllowed(json, names, fields);
                break;
            case { } other:
                throw ApiException.BadRequest($"tool_choice.type is \"{Fields.Cut(other)}\"; function or allowed_tools was expected: this server has no tools of its own.", "tool_choice.type");
            default:
                throw ApiException.BadRequest("tool_choice.type is missing; function or allowed_tools was expected.", "tool_choice.type");
        }

        json.WriteEndObject();
    }

    private static void WriteAllowed(Utf8JsonWriter json, FieldNames names, Fields choice)
    {
        const string inChat = "tool_choice.allowed_tools";
        names.Add(inChat, "tool_choice");
        json.WriteStartObject("allowed_tools");
        if (choice.Text("mode") is { } mode) json.WriteString("mode", mode);
        json.WriteStartArray("tools");
        int count = 0;
        foreach (JsonElement tool in choice.List("tools")?.EnumerateArray() ?? default)
        {
            names.Add($"{inChat}.tools[{count}].function", $"tool_choice.tools[{count}]");
            json.WriteStartObject();
            WriteFunction(json, Fields.AsObject(tool, $"tool_choice.tools[{count}]").Element);
            json.WriteEndObject();
            count++;
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>A function's name, where a chat has it.</summary>
    private static void WriteFunction(Utf8JsonWriter json, JsonElement named)
    {
        json.WriteStartObject("function");
        if (named.TryGetProperty("name", out JsonElement name))
        {
            json.WritePropertyName("name");
            name.WriteTo(json);
        }

        json.WriteEndObject();
    }

    /// <summary>Tools with all fields that OpenAI's description demands.</summary>
    private static JsonElement Describe(List<Fields> tools) => JsonElement.Parse(WrittenJson.Bytes(json =>
    {
        json.WriteStartArray();
        foreach (Fields tool in tools)
        {
            json.WriteStartObject();
            foreach (string name in (ReadOnlySpan<string>)["name", "parameters", "strict", "type", "description"])
            {
                json.WritePropertyName(name);
                if (tool.Get(name) is { } value) value.WriteTo(json);
                else json.WriteNullValue();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }));
}
