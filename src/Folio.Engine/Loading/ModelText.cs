using Folio.Formats;
using Folio.Models;
using Folio.Tokenization;
using Folio.Tokenization.Templates;

namespace Folio.Engine;

/// <summary>What turns a checkpoint's tokens to text and back: it can be read while the weights are packed.</summary>
/// <param name="Tokenizer">Null: the checkpoint has none.</param>
/// <param name="Template">Null: there is none, or it can't be parsed.</param>
/// <param name="TemplateError">Why it can't.</param>
internal sealed record ModelText(Tokenizer? Tokenizer, ChatTemplate? Template, string? TemplateError)
{
    public static ModelText Read(ModelSource source)
    {
        Tokenizer? tokenizer = ReadTokenizer(source);
        (ChatTemplate? template, string? error) = ReadTemplate(source.Tokenizer.ChatTemplate);
        return new(tokenizer, template, error);
    }

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

    private static GgufVocabulary VocabularyOf(GgufMetadata metadata) => new()
    {
        FileName = metadata.File,
        Model = metadata.GetString("tokenizer.ggml.model"),
        Pre = metadata.TryGetString("tokenizer.ggml.pre", out string? pre) ? pre : null,
        Tokens = metadata.GetStrings("tokenizer.ggml.tokens"),
        Scores = metadata.TryGetFloats("tokenizer.ggml.scores", out float[]? scores) ? scores : null,
        TokenTypes = metadata.TryGetInts("tokenizer.ggml.token_type", out int[]? types) ? types : null,
        Merges = metadata.TryGetStrings("tokenizer.ggml.merges", out string[]? merges) ? merges : null,
        BosId = metadata.FindId("tokenizer.ggml.bos_token_id"),
        EosId = metadata.FindId("tokenizer.ggml.eos_token_id"),
        UnkId = metadata.FindId("tokenizer.ggml.unknown_token_id"),
        ClsId = metadata.FindId("tokenizer.ggml.cls_token_id"),
        SepId = metadata.FindId("tokenizer.ggml.seperator_token_id"), // so spelt in the files
        AddBos = metadata.FindBool("tokenizer.ggml.add_bos_token"),
        AddEos = metadata.FindBool("tokenizer.ggml.add_eos_token"),
        AddSpacePrefix = metadata.FindBool("tokenizer.ggml.add_space_prefix"),
    };
}
