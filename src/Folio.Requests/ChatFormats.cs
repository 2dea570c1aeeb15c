using Folio.Chat;

namespace Folio.Requests;

/// <summary>Chooses the form in which a model's tool calls and reasoning are read.</summary>
internal static class ChatFormats
{
    private const string None = "none";

    /// <param name="template">The model's chat template.</param>
    /// <exception cref="FolioException">An option names no parser.</exception>
    public static MessageFormat For(string template, ServedModelOptions options)
    {
        var told = MessageFormat.Of(template);
        ToolFormat? tools = Choose("--tool-call-parser (ToolCallParser)", options.ToolCallParser, ToolFormat.ByName, told.Tools ?? ToolFormat.Hermes);
        return new(tools, Choose("--reasoning-parser (ReasoningParser)", options.ReasoningParser, ReasoningFormat.ByName, told.Reasoning));
    }

    private static T? Choose<T>(string option, string? name, IReadOnlyDictionary<string, T> formats, T? told)
        where T : class
    {
        if (name is null) return told;
        if (name == None) return null;
        return formats.TryGetValue(name, out T? format) ? format : throw new FolioException($"{option} is '{name}'; one of {string.Join(", ", formats.Keys)} or {None} was expected.");
    }
}
