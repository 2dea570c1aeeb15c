using System.Text.RegularExpressions;

namespace Folio.Formats.Hub;

/// <summary>The files of a repository that are the model that was asked for.</summary>
/// <param name="Companions">Small files, wanted before the weights: what has its weights has everything.</param>
/// <param name="Weights">model.safetensors or the GGUF file; null: shards, which the index names.</param>
internal sealed partial record FileChoice(IReadOnlyList<string> Companions, string? Weights)
{
    public const string Index = "model.safetensors.index.json";

    private const string Config = "config.json", Single = "model.safetensors";

    /// <summary>What is read beside weights, here or by the tools that share the cache.</summary>
    private static readonly string[] s_companions =
    [
        Config, "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "tokenizer.model", "vocab.json", "merges.txt", "vocab.txt",
        "chat_template.json", "chat_template.jinja", "modules.json", "sentence_bert_config.json", "config_sentence_transformers.json", "1_Pooling/config.json",
    ];

    /// <summary>Whether the model is one file rather than the folder.</summary>
    public bool IsFile => Weights is not null and not Single;

    /// <param name="names">All files that there are.</param>
    /// <exception cref="HubException">None or several could be meant.</exception>
    public static FileChoice Of(HubModelId id, IReadOnlyCollection<string> names)
    {
        string[] models = [.. names.Where(IsModel).Order(StringComparer.Ordinal)];
        if (id.File is { } file) return Gguf(Named(id.Repository, file, models));
        if (HasSafetensors(names))
        {
            string[] companions = [.. names.Where(IsCompanion).Order(StringComparer.Ordinal)];
            return names.Contains(Single) ? new(companions, Single) : new([.. companions, Index], null);
        }

        return models switch
        {
            [string only] => Gguf(only),
            [] => throw new HubException($"{id.Repository} has neither safetensors with a config.json nor a GGUF file: Folio reads these."),
            _ => throw new HubException($"{id.Repository} has several GGUF files; put the one that is meant behind a colon, {id.Repository}:{Suggested(models)}. {List(models)}"),
        };
    }

    /// <summary>Whether a folder of these is a model.</summary>
    public static bool HasSafetensors(IReadOnlyCollection<string> names) => names.Contains(Config) && (names.Contains(Single) || names.Contains(Index));

    private static FileChoice Gguf(string name) => new([], name);

    /// <summary>By its exact name, else by how it is quantised.</summary>
    private static string Named(string repository, string file, string[] models)
    {
        if (models.Contains(file)) return file;
        string[] matches = [.. models.Where(model => IsQuantised(model, file))];
        return matches switch
        {
            [string only] => only,
            [] when models.Any(model => SplitMark().IsMatch(model) && IsQuantised(SplitMark().Replace(model, ".gguf"), file)) => throw new HubException($"{repository} has '{file}' in several parts only; Folio reads GGUF files of one piece. {List(models)}"),
            [] => throw new HubException($"{repository} has no GGUF file '{file}', nor one that is quantised so. {List(models)}"),
            _ => throw new HubException($"{repository} has {matches.Length} GGUF files that '{file}' could mean: {string.Join(", ", matches)}. Put the name of one behind the colon."),
        };
    }

    /// <summary>Whether a name ends with a quantisation: Tales-Q4_K_M.gguf, tales.q4_k_m.gguf.</summary>
    private static bool IsQuantised(string model, string quantisation)
    {
        string stem = Path.GetFileNameWithoutExtension(model);
        return stem.EndsWith(quantisation, StringComparison.OrdinalIgnoreCase) && (stem.Length == quantisation.Length || stem[^(quantisation.Length + 1)] is '-' or '.' or '_');
    }

    /// <summary>A GGUF file with a language model, rather than what goes with one: projectors of images, importance matrices.</summary>
    public static bool IsModel(string name)
    {
        string file = Path.GetFileName(name);
        return file.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) && !file.Contains("mmproj", StringComparison.OrdinalIgnoreCase) && !file.Contains("imatrix", StringComparison.OrdinalIgnoreCase);
    }

    private static bool IsCompanion(string name) =>
        s_companions.Contains(name) || (name.StartsWith("additional_chat_templates/", StringComparison.Ordinal) && name.EndsWith(".jinja", StringComparison.Ordinal));

    private static string Suggested(string[] models) => models.FirstOrDefault(model => IsQuantised(model, "Q4_K_M")) is null ? models[0] : "Q4_K_M";

    [GeneratedRegex("-[0-9]{5}-of-[0-9]{5}[.]gguf$")]
    private static partial Regex SplitMark();

    private static string List(string[] models) => models.Length == 0 ? "It has none at all." : $"It has {string.Join(", ", models)}.";
}
