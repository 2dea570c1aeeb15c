namespace Folio.Tokenization;

/// <summary>The tokenizer part of a GGUF file's metadata (keys <c>tokenizer.ggml.*</c>), as read; nothing in it is trusted.</summary>
public sealed record GgufVocabulary
{
    /// <summary>Names the file in errors.</summary>
    public string FileName { get; init; } = "GGUF";

    /// <summary><c>tokenizer.ggml.model</c>: "gpt2" (byte-level BPE), "llama" (SentencePiece BPE) or "bert" (WordPiece).</summary>
    public required string Model { get; init; }

    /// <summary><c>tokenizer.ggml.pre</c>: how a text is split before BPE.</summary>
    public string? Pre { get; init; }

    /// <summary><c>tokenizer.ggml.tokens</c>; the index is the id.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary><c>tokenizer.ggml.scores</c>: the higher, the earlier two pieces join ("llama").</summary>
    public IReadOnlyList<float>? Scores { get; init; }

    /// <summary><c>tokenizer.ggml.token_type</c>: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.</summary>
    public IReadOnlyList<int>? TokenTypes { get; init; }

    /// <summary><c>tokenizer.ggml.merges</c>: "left right", first joined first ("gpt2").</summary>
    public IReadOnlyList<string>? Merges { get; init; }

    public int? BosId { get; init; }

    public int? EosId { get; init; }

    public int? UnkId { get; init; }

    /// <summary>The tokens around a text, where they aren't BOS and EOS ("bert").</summary>
    public int? ClsId { get; init; }

    public int? SepId { get; init; }

    public bool? AddBos { get; init; }

    public bool? AddEos { get; init; }

    public bool? AddSpacePrefix { get; init; }
}
