using Folio.Formats;
using Folio.Tokenization;
using Folio.Tokenization.Templates;

namespace Folio.Engine;

/// <summary>What is known of the loaded model besides its weights.</summary>
public sealed class ModelInfo
{
    /// <summary>The name that clients use, by default the file's or folder's.</summary>
    public required string Name { get; init; }

    /// <summary>Folder or file, as given.</summary>
    public required string Path { get; init; }

    public required string Architecture { get; init; }

    /// <summary>Token ids are below this.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Longest sequence, in tokens.</summary>
    public required int MaxModelLen { get; init; }

    /// <summary>Whether it continues prompts. False: it only embeds.</summary>
    public bool Generates { get; init; } = true;

    /// <summary>Whether each of a text's tokens sees all of it, so that it is computed whole and nothing of it is kept.</summary>
    public bool IsEncoder { get; init; }

    /// <summary>How a text's embedding is made.</summary>
    public PoolingKind Pooling { get; init; }

    /// <summary>Values of an embedding.</summary>
    public int EmbeddingSize { get; init; }

    /// <summary>Whether the first values of an embedding are one by themselves.</summary>
    public bool IsMatryoshka { get; init; }

    /// <summary>How many values may be asked for; null: any number, where <see cref="IsMatryoshka"/>.</summary>
    public IReadOnlyList<int>? MatryoshkaDimensions { get; init; }

    /// <summary>Null: the model has no tokenizer and serves token ids only.</summary>
    public Tokenizer? Tokenizer { get; init; }

    /// <summary>Null: the model has no chat template, or none that can be used.</summary>
    public ChatTemplate? ChatTemplate { get; init; }

    /// <summary>Why the model's chat template can't be used; null where it can, and where there is none.</summary>
    public string? ChatTemplateError { get; init; }

    public string? BosToken { get; init; }

    public string? EosToken { get; init; }

    /// <summary>Ids that end an answer, from generation_config.json, config.json or the GGUF's metadata.</summary>
    public required IReadOnlyList<int> EosTokenIds { get; init; }

    /// <summary>Sampling defaults of generation_config.json.</summary>
    public required GenerationDefaults Defaults { get; init; }

    /// <summary>The ids of a raw prompt: marks such as &lt;|im_end|&gt; become their special ids, and BOS is added where the model wants it.</summary>
    public int[] Encode(string prompt) => (Tokenizer ?? throw new RequestException("this model has no tokenizer: send token ids", "prompt")).Encode(prompt, addSpecialTokens: true);
}
