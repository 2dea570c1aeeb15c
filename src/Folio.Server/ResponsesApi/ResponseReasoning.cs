using System.Text.Json;

namespace Folio.Server;

/// <summary>The field reasoning: the effort goes to templates that read it, as a chat's reasoning_effort. A summary is welcome everywhere and written nowhere: the reasoning itself is told.</summary>
internal static class ResponseReasoning
{
    private static readonly string[] s_efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
    private static readonly string[] s_summaries = ["auto", "concise", "detailed"];

    /// <returns>What the response repeats; null: nothing was said.</returns>
    public static JsonElement? Read(Fields body, Utf8JsonWriter json, FieldNames names)
    {
        if (body.Object("reasoning") is not { } reasoning) return null;
        foreach (JsonProperty field in reasoning.Element.EnumerateObject())
        {
            if (field.Name is not ("effort" or "summary" or "generate_summary") && field.Value.ValueKind != JsonValueKind.Null)
                throw ApiException.BadRequest($"reasoning.{Fields.Cut(field.Name)} isn't supported; effort and summary are.", $"reasoning.{Fields.Cut(field.Name)}");
        }

        string? effort = OneOf(reasoning, "effort", s_efforts), summary = OneOf(reasoning, "summary", s_summaries) ?? OneOf(reasoning, "generate_summary", s_summaries);
        names.Add("reasoning_effort", "reasoning.effort");
        if (effort is not null) json.WriteString("reasoning_effort", effort);
        return JsonElement.Parse(ResponseJson.Bytes(told =>
        {
            told.WriteStartObject();
            told.WriteString("effort", effort);
            told.WriteString("summary", summary);
            told.WriteEndObject();
        }));
    }

    private static string? OneOf(Fields fields, string name, string[] words)
    {
        string? word = fields.Text(name);
        return word is null || words.Contains(word) ? word : throw ApiException.BadRequest($"{fields.Path(name)} is \"{Fields.Cut(word)}\"; one of {string.Join(", ", words)} was expected.", fields.Path(name));
    }
}
