using Folio.Formats;
using Folio.Models;
using Folio.Tokenization;
using Folio.Tokenization.Templates;

namespace Folio.Engine;

/// <summary>Gathers what a checkpoint says besides its weights.</summary>
internal static class ModelInfoReader
{
    /// <summary>Marks that end a turn, for GGUF files that don't say which token does (llama.cpp looks for these too).</summary>
    private static readonly string[] TurnEnds = ["<|im_end|>", "<|eot_id|>", "<|end|>", "<end_of_turn>", "<|end_of_text|>"];

    public static ModelInfo Read(ModelSource source, DecoderSpec spec, int maxModelLen)
    {
        Tokenizer? tokenizer = ReadTokenizer(source);
        (ChatTemplate? template, string? templateError) = ReadTemplate(source.Tokenizer.ChatTemplate);
        return new()
        {
            Name = NameOf(source),
            Path = source.Path,
            Architecture = spec.Name,
            VocabularySize = spec.VocabularySize,
            MaxModelLen = maxModelLen,
            Tokenizer = tokenizer,
            ChatTemplate = template,
            ChatTemplateError = templateError,
            BosToken = source.Tokenizer.BosToken,
            EosToken = source.Tokenizer.EosToken,
            EosTokenIds = ReadEosIds(source, spec, tokenizer),
            Defaults = source.Generation,
        };
    }

    private static string NameOf(ModelSource source) =>
        source.Folder is { } folder ? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))) : Path.GetFileNameWithoutExtension(source.Path);

    /// <summary>A template that can't be parsed costs the model its chat, not its completions.</summary>
    internal static (ChatTemplate? Template, string? Error) ReadTemplate(string? source)
    {
        try
        {
            return (source is null ? null : ChatTemplate.Parse(source), null);
        }
        catch (TemplateException error)
        {
            return (null, error.Message);
        }
    }

    private static Tokenizer? ReadTokenizer(ModelSource source)
    {
        if (source.Metadata is { } metadata) return metadata.Has("tokenizer.ggml.tokens") ? Tokenizer.FromGguf(VocabularyOf(metadata)) : null;
        string path = Path.Combine(source.Folder!, "tokenizer.json");
        return File.Exists(path) ? Tokenizer.FromJson(File.ReadAllBytes(path), path) : null;
    }

    private static GgufVocabulary VocabularyOf(GgufMetadata metadata)
    {
        return new()
        {
            FileName = metadata.File,
            Model = metadata.GetString("tokenizer.ggml.model"),
            Pre = metadata.TryGetString("tokenizer.ggml.pre", out string? pre) ? pre : null,
            Tokens = metadata.GetStrings("tokenizer.ggml.tokens"),
            Scores = metadata.TryGetFloats("tokenizer.ggml.scores", out float[]? scores) ? scores : null,
            TokenTypes = metadata.TryGetInts("tokenizer.ggml.token_type", out int[]? types) ? types : null,
            Merges = metadata.TryGetStrings("tokenizer.ggml.merges", out string[]? merges) ? merges : null,
            BosId = Id("bos_token_id"),
            EosId = Id("eos_token_id"),
            UnkId = Id("unknown_token_id"),
            AddBos = Flag("add_bos_token"),
            AddEos = Flag("add_eos_token"),
            AddSpacePrefix = Flag("add_space_prefix"),
        };

        int? Id(string key) => metadata.TryGetInt64($"tokenizer.ggml.{key}", out long id) && id is >= 0 and <= int.MaxValue ? (int)id : null; // converters write −1 for none
        bool? Flag(string key) => metadata.TryGetBool($"tokenizer.ggml.{key}", out bool flag) ? flag : null;
    }

    /// <summary>All that any of the files names: the tokenizer's own, generation_config.json's, config.json's.</summary>
    private static int[] ReadEosIds(ModelSource source, DecoderSpec spec, Tokenizer? tokenizer)
    {
        List<int> ids = [.. source.Generation.EosTokenIds, .. source.Config.EosTokenIds];
        if (tokenizer is not null)
        {
            if (source.Tokenizer.EosToken is { } text && tokenizer.FindToken(text) is { } eos) ids.Add(eos);
            if (source.Metadata is { } metadata && !metadata.Has("tokenizer.ggml.eot_token_id"))
            {
                foreach (string mark in TurnEnds)
                {
                    if (tokenizer.FindToken(mark) is { } end && tokenizer.IsSpecial(end)) ids.Add(end);
                }
            }
        }

        return [.. ids.Distinct().Where(id => id >= 0 && id < spec.VocabularySize)];
    }
}
