using System.Text.Json;

namespace Folio.Tokenization.Templates;

/// <summary>The variables of one rendering.</summary>
public sealed record ChatTemplateInput
{
    /// <summary>A JSON array of messages, as the chat completions API has them.</summary>
    public required JsonElement Messages { get; init; }

    public JsonElement? Tools { get; init; }

    public JsonElement? Documents { get; init; }

    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>End the text right after the last message's content; the template then sees add_generation_prompt = false.</summary>
    public bool ContinueFinalMessage { get; init; }

    /// <summary>A JSON object of further variables; they take the place of those above.</summary>
    public JsonElement? Kwargs { get; init; }

    public string? BosToken { get; init; }

    public string? EosToken { get; init; }

    /// <summary>The local time that strftime_now sees.</summary>
    public Func<DateTimeOffset> Clock { get; init; } = () => DateTimeOffset.Now;

    public TemplateLimits Limits { get; init; } = TemplateLimits.Default;
}
