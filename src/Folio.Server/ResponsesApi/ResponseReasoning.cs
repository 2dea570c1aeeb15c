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
        string? effort = reasoning.OneOf("effort", ResponseWords.Efforts), summary = reasoning.OneOf("summary", ResponseWords.Summaries) ?? reasoning.OneOf("generate_summary", ResponseWords.Summaries);
        names.Add("reasoning_effort", "reasoning.effort");
        if (effort is not null) json.WriteString("reasoning_effort", effort);
        return JsonElement.Parse(WrittenJson.Bytes(told =>
        {
            told.WriteStartObject();
            told.WriteString("effort", effort);
            told.WriteString("summary", summary);
            told.WriteEndObject();
        }));
    }
}
