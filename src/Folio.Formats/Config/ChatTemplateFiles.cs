using System.Text;

namespace Folio.Formats;

/// <summary>The places where checkpoints keep chat templates, by name; the one without a name is "default".</summary>
internal static class ChatTemplateFiles
{
    /// <summary>Files beside the configuration. They win over what the configuration holds, as in transformers.</summary>
    public static Dictionary<string, string> Read(string folder, int mostBytes)
    {
        var templates = new Dictionary<string, string>(StringComparer.Ordinal);
        string json = Path.Combine(folder, "chat_template.json"), jinja = Path.Combine(folder, "chat_template.jinja"), more = Path.Combine(folder, "additional_chat_templates");

        if (File.Exists(json))
        {
            using FileBytes file = FileBytes.Map(json);
            templates = Parse(new ConfigSection(file.Name, JsonTree.Parse(file.Text(mostBytes), file.Name)));
        }

        if (File.Exists(jinja)) templates["default"] = ReadText(jinja, mostBytes);
        if (!Directory.Exists(more)) return templates;
        foreach (string path in Directory.EnumerateFiles(more, "*.jinja")) templates[Path.GetFileNameWithoutExtension(path)] = ReadText(path, mostBytes);
        return templates;
    }

    /// <summary>The key chat_template: a text, or a list of { name, template }.</summary>
    public static Dictionary<string, string> Parse(ConfigSection section)
    {
        var templates = new Dictionary<string, string>(StringComparer.Ordinal);
        if (section.Raw("chat_template") is not List<object?> list)
        {
            if (section.Text("chat_template") is { } template) templates["default"] = template;
            return templates;
        }

        foreach (object? item in list)
        {
            if (item is not Dictionary<string, object?> entry || entry.GetValueOrDefault("name") is not string name || entry.GetValueOrDefault("template") is not string template)
            {
                throw new ModelFormatException(section.File, "'chat_template' is a list with something else than objects of a 'name' and a 'template'.");
            }

            templates[name] = template;
        }

        return templates;
    }

    private static string ReadText(string path, int mostBytes)
    {
        using FileBytes file = FileBytes.Map(path);
        ReadOnlySpan<byte> text = file.Text(mostBytes);
        return System.Text.Unicode.Utf8.IsValid(text) ? Encoding.UTF8.GetString(text) : throw new ModelFormatException(file.Name, "the template is not valid UTF-8.");
    }
}
