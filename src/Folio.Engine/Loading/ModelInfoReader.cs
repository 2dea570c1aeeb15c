using Folio.Formats;
using Folio.Models;
using Folio.Tokenization;

namespace Folio.Engine;

/// <summary>Gathers what a checkpoint says besides its weights.</summary>
internal static class ModelInfoReader
{
    /// <summary>Marks that end a turn, for GGUF files that don't say which token does (llama.cpp looks for these too).</summary>
    private static readonly string[] TurnEnds = ["<|im_end|>", "<|eot_id|>", "<|end|>", "<end_of_turn>", "<|end_of_text|>"];

    public static ModelInfo Read(ModelSource source, DecoderSpec spec, int maxModelLen, ModelText text, PoolingKind? pooling = null) => new()
    {
        Name = NameOf(source),
        Path = source.Path,
        Architecture = spec.Name,
        VocabularySize = spec.VocabularySize,
        MaxModelLen = maxModelLen,
        Generates = spec.HasHead,
        IsEncoder = !spec.Causal,
        Pooling = pooling ?? source.Embedding.Pooling ?? spec.UsualPooling,
        EmbeddingSize = spec.EmbeddingSize,
        IsMatryoshka = source.Embedding.IsMatryoshka,
        MatryoshkaDimensions = source.Embedding.MatryoshkaDimensions,
        Tokenizer = text.Tokenizer,
        ChatTemplate = text.Template,
        ChatTemplateError = text.TemplateError,
        BosToken = source.Tokenizer.BosToken,
        EosToken = source.Tokenizer.EosToken,
        EosTokenIds = ReadEosIds(source, spec, text.Tokenizer),
        Defaults = source.Generation,
    };

    private static string NameOf(ModelSource source) =>
        source.Name is { } name ? name : source.Folder is { } folder ? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))) : Path.GetFileNameWithoutExtension(source.Path);

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
