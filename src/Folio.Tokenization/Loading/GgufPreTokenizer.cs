using Folio.Tokenization.PreTokenizing;

namespace Folio.Tokenization.Loading;

/// <summary>What a name in <c>tokenizer.ggml.pre</c> stands for: llama.cpp's table, with the patterns as the models' own tokenizer.json have them.</summary>
/// <param name="Names">The names.</param>
/// <param name="Patterns">The splitting steps.</param>
/// <param name="IgnoreMerges">A piece that is a token is that token.</param>
/// <param name="AddBos">BOS is put before a text unless the file says otherwise.</param>
internal sealed record GgufPreTokenizer(string[] Names, string[] Patterns, bool IgnoreMerges = false, bool AddBos = false)
{
    private static readonly GgufPreTokenizer[] Known =
    [
        new(["gpt-2", "gpt2", "phi-2", "mpt", "olmo", "jais", "exaone4", "trillion", "granite-docling", "gigachat", "modern-bert", "roberta-bpe", "mellum", "a.x-4.0"], [SplitPatterns.Gpt2]),
        new(["llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"], [SplitPatterns.Llama3], IgnoreMerges: true, AddBos: true),
        new(["dbrx", "smaug-bpe", "glm4", "chatglm-bpe"], [SplitPatterns.Llama3]),
        new(["qwen2", "deepseek-r1-qwen", "stablelm2", "megrez", "hunyuan", "solar-open", "grok-2", "kormo"], [SplitPatterns.Qwen2]),
        new(["smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2"], [SplitPatterns.SingleDigits, SplitPatterns.Gpt2]),
        new(["tekken"], [SplitPatterns.Tekken], IgnoreMerges: true, AddBos: true),
        new(["gpt-4o", "llama4", "kanana2", "minimax-m2"], [SplitPatterns.O200k]),
        new(["deepseek-v3", "hunyuan-dense"], [SplitPatterns.DigitsInThrees, SplitPatterns.Cjk, SplitPatterns.DeepSeekV3]),
        new(["default"], [@"[\p{P}\$\+<=>\^~\|]+", SplitPatterns.Gpt2, SplitPatterns.DigitRuns, "[0-9][0-9][0-9]"]),
    ];

    public static GgufPreTokenizer Find(GgufVocabulary gguf)
    {
        string name = string.IsNullOrEmpty(gguf.Pre) ? "default" : gguf.Pre;
        return Array.Find(Known, known => known.Names.Contains(name))
            ?? throw new TokenizerException($"{gguf.FileName}: tokenizer.ggml.pre '{name}' is not supported; supported: {string.Join(", ", Known.SelectMany(known => known.Names))}.");
    }
}
