using System.Text.Json;

namespace Folio.Server;

/// <summary>Anthropic's tools and tool_choice, as those of a chat.</summary>
internal static class MessagesTools
{
    public static void Write(Fields body, Utf8JsonWriter writer, FieldNames fieldNames)
    {
        List<string> names = [];
        if (body.List("tools") is { } tools)
        {
            writer.WriteStartArray("tools");
            foreach (JsonElement tool in tools.EnumerateArray()) names.Add(WriteTool(tool, $"tools[{names.Count}]", writer, fieldNames));
            writer.WriteEndArray();
        }

        if (body.Object("tool_choice") is { } choice) WriteChoice(choice, names, writer);
    }

    /// <returns>The tool's name.</returns>
    private static string WriteTool(JsonElement tool, string path, Utf8JsonWriter writer, FieldNames fieldNames)
    {
        var fields = Fields.AsObject(tool, path);
        string type = fields.Text("type") ?? "custom";
        if (type != "custom") throw ApiException.BadRequest($"{path}.type is \"{Fields.Cut(type)}\"; this server has no tools of its own, and takes those of type custom, with an input_schema.", $"{path}.type");
        string name = fields.RequiredText("name");
        Fields schema = fields.RequiredObject("input_schema", "a JSON schema");
        RequirePlain(fields);
        fieldNames.Add($"{path}.function", path);
        fieldNames.Add($"{path}.function.parameters", $"{path}.input_schema");

        writer.WriteStartObject();
        writer.WriteString("type", "function");
        writer.WriteStartObject("function");
        writer.WriteString("name", name);
        if (fields.Text("description") is { } description) writer.WriteString("description", description);
        writer.WritePropertyName("parameters");
        schema.Element.WriteTo(writer);
        writer.WriteEndObject();
        writer.WriteEndObject();
        return name;
    }

    /// <summary>What would change what the model is told, or who may call, and can't here. Strict or not, forced calls obey; eager or not, arguments are streamed as they come.</summary>
    private static void RequirePlain(Fields tool)
    {
        tool.RequireKnown("type", "name", "description", "input_schema", "strict", "eager_input_streaming", "cache_control", "defer_loading", "input_examples", "allowed_callers");
        tool.Flag("strict");
        tool.Flag("eager_input_streaming");
        tool.Object("cache_control");
        if (tool.Flag("defer_loading") == true) throw NotHere("defer_loading");
        if (tool.List("input_examples") is { } examples && examples.GetArrayLength() > 0) throw NotHere("input_examples");
        if (tool.Texts("allowed_callers") is { } callers && callers is not ["direct"]) throw NotHere("allowed_callers");

        ApiException NotHere(string name) => ApiException.BadRequest($"{tool.Path(name)} isn't supported by this server.", tool.Path(name));
    }

    private static void WriteChoice(Fields choice, List<string> names, Utf8JsonWriter writer)
    {
        choice.RequireKnown("type", "name", "disable_parallel_tool_use");
        string type = choice.RequiredText("type");
        if (type is not ("none" or "auto" or "any" or "tool")) throw ApiException.BadRequest($"tool_choice.type is \"{Fields.Cut(type)}\"; auto, any, tool or none was expected.", "tool_choice.type");
        if (names.Count == 0 && type is "any" or "tool") throw ApiException.BadRequest("tool_choice asks for a call, but tools is empty or missing.", "tool_choice");
        if (choice.Flag("disable_parallel_tool_use") is { } disabled) writer.WriteBoolean("parallel_tool_calls", !disabled);
        if (type == "tool")
        {
            string name = choice.RequiredText("name");
            if (!names.Contains(name)) throw ApiException.BadRequest($"tool_choice.name is \"{Fields.Cut(name)}\", which isn't among tools.", "tool_choice.name");
            writer.WriteStartObject("tool_choice");
            writer.WriteString("type", "function");
            writer.WriteStartObject("function");
            writer.WriteString("name", name);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        else if (names.Count > 0)
        {
            writer.WriteString("tool_choice", type == "any" ? "required" : type);
        }
    }
}
