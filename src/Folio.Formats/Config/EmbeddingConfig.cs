namespace Folio.Formats;

/// <summary>What of a text's last states is its embedding.</summary>
public enum PoolingKind
{
    /// <summary>The last token's: what a decoder has read by then.</summary>
    Last,

    /// <summary>The mean of all tokens'.</summary>
    Mean,

    /// <summary>The first token's: BERT's [CLS].</summary>
    Cls,
}

/// <summary>How a checkpoint makes one vector of a text, where it says so: sentence-transformers' files beside the weights, or GGUF metadata.</summary>
public sealed record EmbeddingConfig
{
    private const string ModulesFile = "modules.json", TransformerFile = "sentence_bert_config.json";

    private static readonly (string Key, PoolingKind? Kind)[] s_modes =
    [
        ("pooling_mode_cls_token", PoolingKind.Cls), ("pooling_mode_mean_tokens", PoolingKind.Mean), ("pooling_mode_lasttoken", PoolingKind.Last),
        ("pooling_mode_max_tokens", null), ("pooling_mode_mean_sqrt_len_tokens", null), ("pooling_mode_weightedmean_tokens", null),
    ];

    /// <summary>Null: it doesn't say.</summary>
    public PoolingKind? Pooling { get; init; }

    /// <summary>Tokens of a text at most, those around it included, where that is less than the model's positions.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Whether the first values of an embedding are one by themselves (config.json, as vLLM reads it).</summary>
    public bool IsMatryoshka { get; init; }

    /// <summary>How many values may be taken; null: any number, where <see cref="IsMatryoshka"/>.</summary>
    public IReadOnlyList<int>? MatryoshkaDimensions { get; init; }

    /// <param name="folder">The checkpoint's; null: a GGUF file.</param>
    /// <param name="model">Its config.json, or GGUF metadata under those names.</param>
    public static EmbeddingConfig Of(string? folder, ModelConfig model)
    {
        IReadOnlyList<int>? dimensions = model.Ints("matryoshka_dimensions");
        return new()
        {
            Pooling = folder is null ? OfGguf(model) : OfModules(folder),
            MaxTokens = folder is null ? null : OfTransformer(folder),
            IsMatryoshka = model.Flag("is_matryoshka") is true || dimensions is { Count: > 0 },
            MatryoshkaDimensions = dimensions is { Count: > 0 } ? dimensions : null,
        };
    }

    /// <remarks>llama.cpp's numbers: unspecified −1, none 0, mean 1, cls 2, last 3, rank 4.</remarks>
    private static PoolingKind? OfGguf(ModelConfig model) => model.Int("pooling_type") switch
    {
        null or -1 or 0 => null,
        1 => PoolingKind.Mean,
        2 => PoolingKind.Cls,
        3 => PoolingKind.Last,
        var other => throw new ModelFormatException(model.File, $"the pooling_type is {other}; 1 (mean), 2 (cls) and 3 (last) are supported."),
    };

    private static PoolingKind? OfModules(string folder)
    {
        string path = Path.Combine(folder, ModulesFile);
        if (!File.Exists(path)) return null;
        using FileBytes file = FileBytes.Map(path);
        PoolingKind? pooling = null;
        foreach (object? item in JsonTree.ParseList(file.Text(JsonTree.MostBytes), file.Name))
        {
            var module = new ConfigSection(file.Name, item as Dictionary<string, object?> ?? throw new ModelFormatException(file.Name, "a list of objects, a module each, is expected."));
            string type = module.Text("type") ?? "";
            switch (type[(type.LastIndexOf('.') + 1)..])
            {
                case "Transformer" or "Normalize": break; // embeddings are normalised in any case
                case "Pooling": pooling = OfPooling(folder, module.Text("path") ?? ""); break;
                default: throw new ModelFormatException(file.Name, $"the module '{type}' is not supported; Transformer, Pooling and Normalize are.");
            }
        }

        return pooling;
    }

    private static PoolingKind OfPooling(string folder, string path)
    {
        if (path.Length == 0 || path.AsSpan().ContainsAny(['/', '\\', ':', '\0']) || path[0] == '.') throw new ModelFormatException(ModulesFile, $"the path of the pooling is '{path}'; the name of a folder beside it is expected.");
        ConfigSection config = Read(Path.Combine(folder, path, "config.json"));
        if (config.Text("pooling_mode") is { } named)
        {
            return named switch
            {
                "cls" => PoolingKind.Cls,
                "mean" => PoolingKind.Mean,
                "lasttoken" => PoolingKind.Last,
                _ => throw Unsupported(config, named),
            };
        }

        (string Key, PoolingKind? Kind)[] asked = [.. s_modes.Where(mode => config.Flag(mode.Key) is true)];
        return asked is [(_, { } kind)] ? kind : throw Unsupported(config, string.Join(" and ", asked.Select(mode => mode.Key)));
    }

    private static int? OfTransformer(string folder)
    {
        string path = Path.Combine(folder, TransformerFile);
        return File.Exists(path) ? Read(path).Count(int.MaxValue, "max_seq_length") : null;
    }

    private static ConfigSection Read(string path)
    {
        using FileBytes file = FileBytes.Map(path);
        return new ConfigSection(file.Name, JsonTree.Parse(file.Text(JsonTree.MostBytes), file.Name));
    }

    private static ModelFormatException Unsupported(ConfigSection config, string found) =>
        new(config.File, $"the pooling is {(found.Length > 0 ? found : "none of those known")}; one of the first token (cls), the mean and the last token is supported.");
}
