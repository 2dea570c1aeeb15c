using System.Text.Json;

namespace Folio.Server;

/// <summary>The field text: the form of the answer, as a chat's response_format, and as a response repeats it.</summary>
internal static class ResponseText
{
    private static readonly JsonElement s_plain = JsonElement.Parse("""{"format":{"type":"text"}}"""u8);

    /// <returns>What the response repeats.</returns>
    public static JsonElement Read(Fields body, Utf8JsonWriter json, FieldNames names)
    {
        if (body.Object("text") is not { } text) return s_plain;
        text.RequireKnown("format", "verbosity");
        if (text.Text("verbosity") is not (null or "medium")) throw ApiException.BadRequest("text.verbosity isn't supported by this server, but for medium, which changes nothing.", "text.verbosity");
        if (text.Object("format") is not { } format) return s_plain;
        string type = format.RequiredText("type");
        if (type == "json_schema") format.RequireKnown("type", "name", "description", "schema", "strict");
        else format.RequireKnown("type");
        names.Add("response_format", "text.format");
        json.WriteStartObject("response_format");
        json.WriteString("type", type);
        if (type == "json_schema")
        {
            string name = format.RequiredText("name");
            format.Text("description");
            json.WriteStartObject("json_schema");
            json.WriteString("name", name);
            json.WritePropertyName("schema");
            format.RequiredObject("schema", "a JSON schema").Element.WriteTo(json);
            if (format.Flag("strict") is { } strict) json.WriteBoolean("strict", strict);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        return Describe(format);
    }

    /// <summary>Without the fields that are null, which not all may be.</summary>
    private static JsonElement Describe(Fields format) => JsonElement.Parse(WrittenJson.Bytes(json =>
    {
        json.WriteStartObject();
        json.WriteStartObject("format");
        foreach (JsonProperty field in format.Element.EnumerateObject())
        {
            if (field.Value.ValueKind != JsonValueKind.Null) field.WriteTo(json);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }));
}
