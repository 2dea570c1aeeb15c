using System.Text;

namespace Folio.Formats;

/// <summary>tokenizer_config.json and the chat templates beside it: what the tokenizer's own file doesn't say. Null: not said.</summary>
public sealed record TokenizerConfig
{
    private const string FileName = "tokenizer_config.json";
    private const int MostTemplateBytes = 4 << 20;

    /// <summary>The chat template used unless another is asked for by name (Jinja).</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>All templates by name ("default", "tool_use", "rag" …).</summary>
    public IReadOnlyDictionary<string, string> ChatTemplates { get; init; } = new Dictionary<string, string>();

    public string? BosToken { get; init; }

    public string? EosToken { get; init; }

    public string? UnkToken { get; init; }

    public string? PadToken { get; init; }

    /// <summary>Whether encoding puts the first token in front.</summary>
    public bool? AddBosToken { get; init; }

    public bool? AddEosToken { get; init; }

    /// <summary>Whether a space is put in front of a text.</summary>
    public bool? AddPrefixSpace { get; init; }

    /// <summary>Tokens; null also where the file has the huge number that means "unlimited".</summary>
    public int? ModelMaxLength { get; init; }

    public bool? CleanUpTokenizationSpaces { get; init; }

    /// <summary>The class of Hugging Face transformers.</summary>
    public string? TokenizerClass { get; init; }

    /// <summary>Reads a folder's files; says nothing where there are none.</summary>
    public static TokenizerConfig OpenFolder(string folder)
    {
        string path = Path.Combine(folder, FileName);
        var config = new TokenizerConfig();
        if (File.Exists(path))
        {
            using FileBytes file = FileBytes.Map(path);
            config = Parse(file.Text(JsonTree.MostBytes));
        }

        return config.WithTemplates(ChatTemplateFiles.Read(folder, MostTemplateBytes));
    }

    /// <param name="file">The name that messages show.</param>
    public static TokenizerConfig Parse(ReadOnlySpan<byte> json, string file = FileName)
    {
        var section = new ConfigSection(file, JsonTree.Parse(json, file));
        var config = new TokenizerConfig
        {
            BosToken = Token(section, "bos_token"),
            EosToken = Token(section, "eos_token"),
            UnkToken = Token(section, "unk_token"),
            PadToken = Token(section, "pad_token"),
            AddBosToken = section.Flag("add_bos_token"),
            AddEosToken = section.Flag("add_eos_token"),
            AddPrefixSpace = section.Flag("add_prefix_space"),
            ModelMaxLength = section.Number("model_max_length") is double length and >= 1 and < int.MaxValue ? (int)length : null,
            CleanUpTokenizationSpaces = section.Flag("clean_up_tokenization_spaces"),
            TokenizerClass = section.Text("tokenizer_class"),
        };
        return config.WithTemplates(ChatTemplateFiles.Parse(section));
    }

    /// <summary>The same from a GGUF file's metadata.</summary>
    public static TokenizerConfig FromGguf(GgufMetadata metadata)
    {
        metadata.TryGetStrings("tokenizer.ggml.tokens", out string[]? tokens);
        var templates = new Dictionary<string, string>(StringComparer.Ordinal);
        if (metadata.TryGetString("tokenizer.chat_template", out string? standard)) templates["default"] = standard;
        if (metadata.TryGetStrings("tokenizer.chat_templates", out string[]? names))
        {
            foreach (string name in names) templates[name] = metadata.GetString($"tokenizer.chat_template.{name}");
        }

        return new TokenizerConfig
        {
            BosToken = Token("bos"),
            EosToken = Token("eos"),
            UnkToken = Token("unknown"),
            PadToken = Token("padding"),
            AddBosToken = metadata.FindBool("tokenizer.ggml.add_bos_token"),
            AddEosToken = metadata.FindBool("tokenizer.ggml.add_eos_token"),
            AddPrefixSpace = metadata.FindBool("tokenizer.ggml.add_space_prefix"),
        }.WithTemplates(templates);

        string? Token(string role)
        {
            string key = $"tokenizer.ggml.{role}_token_id";
            if (!metadata.TryGetInt64(key, out long id)) return null;
            if (tokens is not null && id >= 0 && id < tokens.Length) return tokens[id];
            if (role is "unknown" or "padding") return null; // converters write −1 or an id past the end, and nothing needs these to serve
            throw new ModelFormatException(metadata.File, $"metadata '{key}' is {id}; the vocabulary has {tokens?.Length ?? 0} tokens.");
        }
    }

    /// <summary>This with some more templates; those of the same name are replaced.</summary>
    private TokenizerConfig WithTemplates(Dictionary<string, string> templates)
    {
        if (templates.Count == 0) return this;
        var all = new Dictionary<string, string>(ChatTemplates, StringComparer.Ordinal);
        foreach ((string name, string template) in templates) all[name] = template;
        return this with { ChatTemplates = all, ChatTemplate = all.GetValueOrDefault("default") ?? (all.Count == 1 ? all.Values.First() : null) };
    }

    /// <summary>A token is written as its text or as an object with it.</summary>
    private static string? Token(ConfigSection section, string key) =>
        section.Raw(key) is Dictionary<string, object?> ? section.Section(key)!.Text("content") : section.Text(key);
}
