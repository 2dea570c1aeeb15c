using System.Text.Json;
using Folio.Tokenization.Templates;

namespace Folio.Tokenization.Tests.Templates;

/// <summary>Renders templates that a test writes down.</summary>
internal static class Templates
{
    public static string Render(string template, string variables) => Render(template, JsonFile.Parse(variables));

    public static string Render(string template, JsonElement? variables = null) => RenderTraced(template, variables).Text;

    /// <summary>The text with «» around the characters that came from variables.</summary>
    public static string Traced(string template, string variables)
    {
        RenderedPrompt prompt = RenderTraced(template, JsonFile.Parse(variables));
        string text = prompt.Text;
        foreach (TextSpan span in prompt.InputSpans.Reverse()) text = text.Insert(span.Start + span.Length, "»").Insert(span.Start, "«");
        return text;
    }

    public static RenderedPrompt RenderTraced(string template, JsonElement? variables = null, TemplateLimits? limits = null) => ChatTemplate.Parse(template).Render(new ChatTemplateInput
    {
        Messages = JsonFile.Parse("[]"),
        Kwargs = variables,
        Clock = () => ReferenceTemplates.Now,
        Limits = limits ?? TemplateLimits.Default,
    });
}
