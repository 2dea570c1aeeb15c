using System.Text.Json;
using Folio.Tokenization.Templates;

namespace Folio.Tokenization.Tests.Templates;

/// <summary>Renderings of published templates, as Jinja2 in the environment of transformers gives them.</summary>
public class ChatTemplateVectorTests
{
    public static TheoryData<string> Names => [.. ReferenceTemplates.Names];

    [Theory(SkipTestWithoutData = true), MemberData(nameof(Names))] // the data lie beside the repository
    public void Renders_every_conversation_as_transformers_does(string name)
    {
        ChatTemplate template = ReferenceTemplates.Load(name);
        JsonElement conversations = ReferenceTemplates.Conversations;
        JsonElement file = ReferenceTemplates.Cases(name);
        List<string> failures = [];
        foreach (JsonElement @case in file.GetProperty("cases").EnumerateArray())
        {
            string? failure = Check(template, ReferenceTemplates.InputOf(file, @case, conversations), @case);
            if (failure is not null) failures.Add($"{@case.GetProperty("conversation")} {(@case.TryGetProperty("kwargs", out JsonElement kwargs) ? kwargs : "")}: {failure}");
        }

        Assert.True(failures.Count == 0, $"{failures.Count} renderings differ:\n{string.Join("\n", failures.Take(5))}");
    }

    private static string? Check(ChatTemplate template, ChatTemplateInput input, JsonElement @case)
    {
        bool fails = @case.TryGetProperty("error", out JsonElement error);
        try
        {
            string text = template.Render(input).Text;
            if (fails) return $"expected {error} '{@case.GetProperty("python_message")}', got a text";
            string expected = @case.GetProperty("rendered").GetString()!;
            return text == expected ? null : $"expected\n{expected}\ngot\n{text}";
        }
        catch (TemplateException exception)
        {
            if (!fails) return $"expected a text, got '{exception.Message}'";
            if (error.GetString() != "TemplateError") return exception.RaisedByTemplate ? $"expected {error}, but the template raised '{exception.Message}'" : null;
            string? expected = @case.GetProperty("python_message").GetString();
            return exception.RaisedByTemplate && exception.Message == expected ? null : $"expected '{expected}', got '{exception.Message}'";
        }
    }
}
