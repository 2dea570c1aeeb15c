using System.Text.Json;

namespace Folio.Server;

/// <summary>The field reasoning: the effort goes to templates that read it, as a chat's reasoning_effort. A summary is welcome everywhere and written nowhere: the reasoning itself is told.</summary>
internal static class ResponseReasoning
{
    /// <returns>What the response repeats; null: nothing was said.</returns>
    public static JsonElement? Read(Fields body, Utf8JsonWriter json, FieldNames names)
    {
        if (body.Object("reasoning") is not { } reasoning) return null;
        reasoning.RequireKnown("effort", "summary", "generate_summary");
        string? effort = OneOf(reasoning, "effort", ResponseWords.Efforts), summary = OneOf(reasoning, "summary", ResponseWords.Summaries) ?? OneOf(reasoning, "generate_summary", ResponseWords.Summaries);
        names.Add("reasoning_effort", "reasoning.effort");
        if (effort is not null) json.WriteString("reasoning_effort", effort);
        return JsonElement.Parse(WireJson.Bytes(told =>
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
