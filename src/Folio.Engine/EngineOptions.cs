namespace Folio.Engine;

/// <summary>What an engine is given at start. Names and meanings are vLLM's where it has them; null means "decide from the model and the machine".</summary>
public sealed record EngineOptions
{
    /// <summary>Longest sequence, prompt and answer together, in tokens. Null: the model's own limit, less if the KV cache can't hold it.</summary>
    public int? MaxModelLen { get; init; }

    /// <summary>Most sequences that run in one step.</summary>
    public int MaxNumSeqs { get; init; } = 256;

    /// <summary>Token budget of one step: decodes and prefill chunks together.</summary>
    public int MaxNumBatchedTokens { get; init; } = 512;

    /// <summary>Bytes for the KV cache. Null: planned from free memory.</summary>
    public long? KvCacheMemory { get; init; }

    /// <summary>Blocks of the KV cache, instead of a memory size.</summary>
    public int? NumBlocks { get; init; }

    /// <summary>Tokens of a block.</summary>
    public int BlockSize { get; init; } = 16;

    /// <summary>The largest number of log-probabilities that a request may ask for.</summary>
    public int MaxLogprobs { get; init; } = 20;

    /// <summary>Throws if a value can't be meant.</summary>
    internal void Validate()
    {
        RequirePositive(MaxModelLen, "--max-model-len");
        RequirePositive(MaxNumSeqs, "--max-num-seqs");
        RequirePositive(MaxNumBatchedTokens, "--max-num-batched-tokens");
        RequirePositive(KvCacheMemory, "--kv-cache-memory");
        RequirePositive(NumBlocks, "--num-blocks");
        RequirePositive(BlockSize, "--block-size");
        if (MaxLogprobs < 0) throw new FolioException($"--max-logprobs is {MaxLogprobs}; expected 0 or more.");
    }

    private static void RequirePositive(long? value, string option)
    {
        if (value < 1) throw new FolioException($"{option} is {value}; expected 1 or more.");
    }
}
