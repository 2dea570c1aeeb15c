using System.CommandLine;
using Folio.Compute;
using Folio.Engine;
using Folio.Formats.Hub;

namespace Folio.Commands;

/// <summary>The model argument and the engine's options, shared by the commands that load a model. Names are vLLM's.</summary>
internal sealed class EngineArguments
{
    private readonly Argument<string?> _model = new("MODEL")
    {
        Description = "A folder (config.json, *.safetensors, tokenizer.json), a .gguf file, or a model of the Hugging Face hub, owner/name[:file][@revision]; the embedded demo model if absent.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _modelOption = new("--model", "-m") { Description = "The model's folder, .gguf file or name on the hub; the embedded demo model if absent." };
    private readonly Option<string?> _revision = new("--revision") { Description = "A branch, tag or commit of a model of the hub (default: main)." };

    private readonly Option<int?> _maxModelLen = OptionOf.Integer("--max-model-len", "Longest sequence, prompt and answer together, in tokens (default: the model's).");
    private readonly Option<int?> _maxNumSeqs = OptionOf.Integer("--max-num-seqs", "Most sequences in one step (default: 256).");
    private readonly Option<int?> _maxNumBatchedTokens = OptionOf.Integer("--max-num-batched-tokens", "Token budget of one step (default: 512; on a card 2048, or 8192 from 70 GiB on).");
    private readonly Option<int?> _numBlocks = OptionOf.Integer("--num-blocks", "Blocks of the KV cache, instead of a memory size.");
    private readonly Option<int?> _blockSize = OptionOf.Integer("--block-size", "Tokens of a block (default: 16); the CPU keeps room for whole sixteens, so fewer, or no multiple of 16, take more memory a token.");
    private readonly Option<DType?> _kvCacheType = OptionOf.Choice(
        "--kv-cache-dtype", "How the KV cache stores its numbers: bfloat16, int8; the processor also float32; a card also float16 and fp8 (default: bfloat16).", [.. KvCacheTypes.Named]);

    private readonly Option<long?> _kvCacheMemory =
        OptionOf.Size("--kv-cache-memory", "Memory for the KV cache, such as 512MiB or 4G (default: planned from free memory).", alias: "--kv-cache-memory-bytes");

    private readonly DeviceArguments _device;
    private ModelPlace? _place;

    /// <summary>Adds the options to a command.</summary>
    /// <param name="positional">The model may be the command's argument too; else it is --model alone, the argument being something else.</param>
    /// <param name="loads">The command loads weights, not the description of a model alone.</param>
    public EngineArguments(Command command, bool positional, bool loads = true)
    {
        if (positional) command.Arguments.Add(_model);
        foreach (Option option in (Option[])[_modelOption, _revision, _maxModelLen, _maxNumSeqs, _maxNumBatchedTokens, _kvCacheMemory, _numBlocks, _blockSize, _kvCacheType]) command.Options.Add(option);
        _device = new DeviceArguments(command, loads);
        command.Validators.Add(given =>
        {
            if (OptionOf.TextOf(given.GetResult(_model)) is { } model && OptionOf.TextOf(given.GetResult(_modelOption)) is { } option) given.AddError($"MODEL is '{model}' and --model is '{option}'; one of them was expected.");
            if (given.GetResult(_numBlocks) is not null && given.GetResult(_kvCacheMemory) is not null) given.AddError("--num-blocks and --kv-cache-memory both say how large the KV cache is; one of them was expected.");
        });
    }

    /// <summary>Where the model lies, once it is there: a model of the hub is fetched first.</summary>
    /// <returns>Null: the embedded demo model is meant.</returns>
    public ModelPlace? Place(ParseResult parsed, bool quiet = false) =>
        _place ??= Find(parsed.GetValue(_model) ?? parsed.GetValue(_modelOption), parsed.GetValue(_revision), quiet);

    /// <returns>Null where no model is given.</returns>
    public static ModelPlace? Find(string? model, string? revision, bool quiet)
    {
        if (model is not null) return ModelPlace.Find(model, revision, id => PullDisplay.Pull(id, include: [], quiet));
        if (revision is not null) throw new FolioException($"--revision is '{revision}', but the embedded model is no model of the hub; owner/name was expected.");
        return null;
    }

    public Backend NewBackend(ParseResult parsed) => _device.New(parsed);

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
            KvCacheType = parsed.GetValue(_kvCacheType) ?? defaults.KvCacheType,
            Warning = Warn,
        };
    }

    public static void Warn(string sentence) => Console.Error.WriteLine($"warning: {sentence}");
}
