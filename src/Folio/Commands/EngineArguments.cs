using System.CommandLine;
using System.CommandLine.Parsing;
using Folio.Engine;

namespace Folio.Commands;

/// <summary>The model argument and the engine's options, shared by the commands that load a model. Names are vLLM's.</summary>
internal sealed class EngineArguments
{
    private readonly Argument<string?> _model = new("MODEL")
    {
        Description = "A folder (config.json, *.safetensors, tokenizer.json) or a .gguf file; the embedded demo model if absent.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _modelOption = new("--model", "-m") { Description = "A model's folder or .gguf file; the embedded demo model if absent." };

    private readonly Option<int?> _maxModelLen = Positive("--max-model-len", "Longest sequence, prompt and answer together, in tokens (default: the model's).");
    private readonly Option<int?> _maxNumSeqs = Positive("--max-num-seqs", "Most sequences in one step (default: 256).");
    private readonly Option<int?> _maxNumBatchedTokens = Positive("--max-num-batched-tokens", "Token budget of one step (default: 512).");
    private readonly Option<int?> _numBlocks = Positive("--num-blocks", "Blocks of the KV cache, instead of a memory size.");
    private readonly Option<int?> _blockSize = Positive("--block-size", "Tokens of a block (default: 16).");
    private readonly Option<int?> _threads = Positive("--threads", "Threads that compute (default: one a core).");

    private readonly Option<long?> _kvCacheMemory = new("--kv-cache-memory", "--kv-cache-memory-bytes")
    {
        Description = "Memory for the KV cache, such as 512MiB or 4G (default: planned from free memory).",
        CustomParser = ParseSize,
    };

    /// <summary>Adds the options to a command.</summary>
    /// <param name="positional">The model is the command's argument; else it is --model, the argument being something else.</param>
    public EngineArguments(Command command, bool positional)
    {
        if (positional) command.Arguments.Add(_model);
        else command.Options.Add(_modelOption);
        foreach (Option option in (Option[])[_maxModelLen, _maxNumSeqs, _maxNumBatchedTokens, _kvCacheMemory, _numBlocks, _blockSize, _threads]) command.Options.Add(option);
    }

    public string? Model(ParseResult parsed) => parsed.GetValue(_model) ?? parsed.GetValue(_modelOption);

    public int? Threads(ParseResult parsed) => parsed.GetValue(_threads);

    public EngineOptions Options(ParseResult parsed)
    {
        var defaults = new EngineOptions();
        return defaults with
        {
            MaxModelLen = parsed.GetValue(_maxModelLen),
            MaxNumSeqs = parsed.GetValue(_maxNumSeqs) ?? defaults.MaxNumSeqs,
            MaxNumBatchedTokens = parsed.GetValue(_maxNumBatchedTokens) ?? defaults.MaxNumBatchedTokens,
            KvCacheMemory = parsed.GetValue(_kvCacheMemory),
            NumBlocks = parsed.GetValue(_numBlocks),
            BlockSize = parsed.GetValue(_blockSize) ?? defaults.BlockSize,
        };
    }

    private static Option<int?> Positive(string name, string description)
    {
        var option = new Option<int?>(name) { Description = description };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && int.TryParse(token.Value, out int value) && value <= 0) result.AddError($"{name} is {value}; it must be at least 1.");
        });
        return option;
    }

    private static long? ParseSize(ArgumentResult result)
    {
        if (ByteSize.TryParse(result.Tokens[0].Value, out long bytes)) return bytes;
        result.AddError($"'{result.Tokens[0].Value}' is not a size of memory; write it like 512MiB or 4G.");
        return null;
    }
}
