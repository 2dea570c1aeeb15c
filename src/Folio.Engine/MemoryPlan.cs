namespace Folio.Engine;

/// <summary>How memory is divided at start; nothing on the step path allocates after that.</summary>
/// <param name="WeightBytes">Weights in the backend's layout.</param>
/// <param name="KvBytesPerToken">Keys and values of one token over all layers.</param>
/// <param name="KvBytes">The whole KV cache.</param>
/// <param name="Blocks">Blocks of the pool.</param>
/// <param name="BlockSize">Tokens of a block.</param>
/// <param name="MaxModelLen">Longest sequence, in tokens.</param>
public sealed record MemoryPlan(long WeightBytes, long KvBytesPerToken, long KvBytes, int Blocks, int BlockSize, int MaxModelLen)
{
    /// <summary>Host memory beside the cache for the blocks of preempted requests.</summary>
    public long SwapBytes { get; init; }

    /// <summary>The file for more of them.</summary>
    public long DiskSwapBytes { get; init; }

    /// <summary>Tokens that the KV cache holds.</summary>
    public long Tokens => (long)Blocks * BlockSize;

    /// <summary>Sequences of full length that fit at once.</summary>
    public double ConcurrencyAtFullContext => (double)Tokens / MaxModelLen;

    /// <summary>Divides the memory that is left beside the weights.</summary>
    /// <param name="weightBytes">Weights in the backend's layout.</param>
    /// <param name="bytesPerBlock">One block over all layers.</param>
    /// <param name="contextLength">What the model's positions reach, in tokens.</param>
    /// <param name="availableBytes">What may still be taken.</param>
    /// <param name="share">Of that, what the cache takes unless it is told otherwise.</param>
    /// <param name="options">What was asked for.</param>
    /// <exception cref="FolioException">One sequence of full length doesn't fit, or more was asked for than the model or the machine has.</exception>
    public static MemoryPlan Create(long weightBytes, long bytesPerBlock, int contextLength, long availableBytes, double share, EngineOptions options)
    {
        RequireContext(options.MaxModelLen, contextLength);
        int blockSize = options.BlockSize;
        int wanted = options.MaxModelLen ?? contextLength;
        int blocks = (int)Math.Min(BlocksToTake(bytesPerBlock, wanted, availableBytes, share, options), int.MaxValue / blockSize); // slots are numbered by int
        long tokens = (long)blocks * blockSize, kvBytes = blocks * bytesPerBlock;
        if (blocks < 1) throw TooSmall(wanted, blocks, bytesPerBlock, options);
        if (kvBytes > availableBytes)
            throw new FolioException($"a KV cache of {blocks} blocks takes {SizeText.Of(kvBytes)}; {SizeText.Of(availableBytes)} are free. Lower --num-blocks (NumBlocks) or --kv-cache-memory (KvCacheMemory).");
        if (options.MaxModelLen is not null && tokens < wanted) throw TooSmall(wanted, blocks, bytesPerBlock, options);
        return new(weightBytes, bytesPerBlock / blockSize, kvBytes, blocks, blockSize, (int)Math.Min(wanted, tokens));
    }

    /// <exception cref="FolioException">Longer sequences were asked for than the model has positions.</exception>
    internal static void RequireContext(int? maxModelLen, int contextLength)
    {
        if (maxModelLen > contextLength) throw new FolioException($"--max-model-len (MaxModelLen) is {maxModelLen}; this model's context is {contextLength} tokens.");
    }

    /// <param name="path">The checkpoint, for the sentence.</param>
    /// <param name="weightBytes">Weights as the checkpoint has them.</param>
    /// <param name="availableBytes">What may still be taken.</param>
    /// <exception cref="FolioException">They don't fit.</exception>
    internal static void RequireWeights(string path, long weightBytes, long availableBytes)
    {
        if (weightBytes > availableBytes) throw new FolioException($"{path}: its weights take {SizeText.Of(weightBytes)}; {SizeText.Of(availableBytes)} of memory are free.");
    }

    /// <summary>Buffers may be promised and only become resident as they are used: a step that is too large would end the process in its midst.</summary>
    /// <param name="bufferBytes">What the largest step takes beside weights and cache.</param>
    /// <param name="availableBytes">What may still be taken.</param>
    /// <param name="options">By which the buffers' sizes were found.</param>
    /// <exception cref="FolioException">They don't fit.</exception>
    internal static void RequireSteps(long bufferBytes, long availableBytes, EngineOptions options)
    {
        if (bufferBytes <= availableBytes) return;
        string whole = options.WholePrompts ? " and --max-model-len (MaxModelLen), whose texts are computed whole" : "";
        throw new FolioException($"the buffers for steps of {options.StepTokens} tokens take {SizeText.Of(bufferBytes)}; {SizeText.Of(availableBytes)} of memory are free beside the weights. Lower --max-num-batched-tokens (MaxNumBatchedTokens){whole}.");
    }

    private static long BlocksToTake(long bytesPerBlock, int maxModelLen, long availableBytes, double share, EngineOptions options)
    {
        if (options.NumBlocks is { } blocks) return blocks;
        if (options.KvCacheMemory is { } bytes) return bytes / bytesPerBlock;
        long useful = (long)options.MaxNumSeqs * ((maxModelLen + (long)options.BlockSize - 1) / options.BlockSize);
        return Math.Min(useful, (long)(availableBytes * share) / bytesPerBlock);
    }

    private static FolioException TooSmall(int maxModelLen, int blocks, long bytesPerBlock, EngineOptions options)
    {
        long needed = (maxModelLen + (long)options.BlockSize - 1) / options.BlockSize;
        return new($"one sequence of {maxModelLen} tokens needs {needed} blocks of KV cache ({SizeText.Of(needed * bytesPerBlock)}); there is room for {blocks} ({SizeText.Of(blocks * bytesPerBlock)}). "
            + "Lower --max-model-len (MaxModelLen), or raise --kv-cache-memory (KvCacheMemory) or --num-blocks (NumBlocks).");
    }
}
