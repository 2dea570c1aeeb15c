using System.Runtime.CompilerServices;
using Folio.Compute;
using Folio.Formats;

namespace Folio.Engine;

/// <summary>What an engine is given at start. Names and meanings are vLLM's where it has them; null means "decide from the model and the machine".</summary>
public sealed record EngineOptions
{
    /// <summary>Longest sequence, prompt and answer together, in tokens. Null: the model's own limit, less if the KV cache can't hold it.</summary>
    public int? MaxModelLen { get; init; }

    /// <summary>Most sequences that run in one step.</summary>
    public int MaxNumSeqs { get; init; } = 256;

    /// <summary>Token budget of one step: decodes and prefill chunks together. Null: as suits what computes, 512 on a processor.</summary>
    public int? MaxNumBatchedTokens { get; init; }

    internal int StepTokens => MaxNumBatchedTokens ?? Backend.StepTokensOfProcessors;

    /// <summary>How much longer prompts may make a step in which others decode, so that newcomers don't stall running answers. Null: as long as the token budget allows.</summary>
    /// <remarks>Kept by estimate, and two blocks' worth of tokens get on in any case; where decoding alone takes longer than this, prompts get as much time as it.</remarks>
    public TimeSpan? MaxPrefillStall { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Bytes for the KV cache. Null: planned from free memory.</summary>
    public long? KvCacheMemory { get; init; }

    /// <summary>Blocks of the KV cache, instead of a memory size.</summary>
    public int? NumBlocks { get; init; }

    /// <summary>Tokens of a block.</summary>
    public int BlockSize { get; init; } = 16;

    /// <summary>How the KV cache stores its numbers: BF16, F32 or I8; on a card BF16, F16, F8_E4M3 or I8.</summary>
    public DType KvCacheType { get; init; } = DType.BF16;

    /// <summary>What of a text's states is its embedding. Null: as the model says; where it doesn't, a decoder's last token, an encoder's mean.</summary>
    public PoolingKind? Pooling { get; init; }

    /// <summary>The largest number of log-probabilities that a request may ask for.</summary>
    public int MaxLogprobs { get; init; } = 20;

    /// <summary>Who runs first, and who is preempted first.</summary>
    public SchedulingPolicy SchedulingPolicy { get; init; } = SchedulingPolicy.Fcfs;

    /// <summary>Requests that may wait for their first step; more are refused with <see cref="QueueFullException"/>.</summary>
    public int MaxWaitingRequests { get; init; } = 10_000;

    /// <summary>Prompt tokens of all requests that wait. Null: as many as the requests have.</summary>
    public long? MaxWaitingTokens { get; init; }

    /// <summary>Prompts that begin alike share their full blocks, and those of ended requests are kept until the room is needed.</summary>
    public bool EnablePrefixCaching { get; init; } = true;

    /// <summary>How a group that is preempted gets its keys and values back.</summary>
    public PreemptionMode PreemptionMode { get; init; } = PreemptionMode.Auto;

    /// <summary>Bytes of host memory for the blocks of preempted requests; 0: none. Null: a quarter of the KV cache.</summary>
    public long? SwapSpace { get; init; }

    /// <summary>Where a file for more such blocks is made, once host memory is full. Null: nowhere.</summary>
    public string? SwapDirectory { get; init; }

    /// <summary>Most bytes of that file.</summary>
    public long DiskSwapSpace { get; init; } = 4L << 30;

    /// <summary>Where the most used prefixes outlive the engine. Null: they don't.</summary>
    public string? PrefixCacheDirectory { get; init; }

    /// <summary>Most bytes that they take there.</summary>
    public long PrefixCacheDiskSpace { get; init; } = 1L << 30;

    /// <summary>How long a step may take before those who wait for it are failed with <see cref="EngineUnavailableException"/>. Null: as long as it takes.</summary>
    /// <remarks>A step computes at most <see cref="MaxNumBatchedTokens"/> tokens; on a processor that may well take half a minute.</remarks>
    public TimeSpan? WatchdogTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Told, in a sentence, what is amiss without stopping the engine: kept prefixes that can't be used, say. Any thread.</summary>
    public Action<string>? Warning { get; init; }

    /// <summary>Arrays are reserved for each sequence that may run, and thousands are more than any processor can use.</summary>
    internal const int MostSequences = 1 << 16;

    /// <summary>Tokens that each running sequence is expected to gain before anybody ends: admission leaves room for them. 0: none, so that small pools preempt much.</summary>
    internal int GrowthTokens { get; init; } = 16;

    /// <summary>A prompt is computed in one step, which must have room for the longest: an encoder's tokens see those behind them.</summary>
    internal bool WholePrompts { get; init; }

    /// <summary>Throws if a value can't be meant.</summary>
    internal void Validate()
    {
        RequirePositive(MaxModelLen, "--max-model-len");
        RequirePositive(MaxNumSeqs, "--max-num-seqs");
        if (MaxNumSeqs > MostSequences) throw new FolioException($"--max-num-seqs (MaxNumSeqs) is {MaxNumSeqs}; expected {MostSequences} or fewer.");
        RequirePositive(MaxNumBatchedTokens, "--max-num-batched-tokens");
        RequirePositive(KvCacheMemory, "--kv-cache-memory");
        RequirePositive(NumBlocks, "--num-blocks");
        RequirePositive(BlockSize, "--block-size");
        RequirePositive(MaxWaitingRequests, "--max-waiting-requests");
        RequirePositive(MaxWaitingTokens, "--max-waiting-tokens");
        RequirePositive(DiskSwapSpace, "--disk-swap-space");
        RequirePositive(PrefixCacheDiskSpace, "--prefix-cache-disk-space");
        if (MaxPrefillStall <= TimeSpan.Zero) throw new FolioException($"--max-prefill-stall (MaxPrefillStall) is {MaxPrefillStall.Value.TotalMilliseconds} ms; expected more than 0.");
        if (WatchdogTimeout <= TimeSpan.Zero) throw new FolioException($"--watchdog-timeout (WatchdogTimeout) is {WatchdogTimeout.Value.TotalSeconds} s; expected more than 0.");
        if (SwapSpace < 0) throw new FolioException($"--swap-space (SwapSpace) is {SwapSpace}; expected 0 or more.");
        if (MaxLogprobs < 0) throw new FolioException($"MaxLogprobs is {MaxLogprobs}; expected 0 or more.");
    }

    /// <param name="option">The command's; an engine is made in code and by a configuration, too, which know the property.</param>
    private static void RequirePositive(long? value, string option, [CallerArgumentExpression(nameof(value))] string property = "")
    {
        if (value < 1) throw new FolioException($"{option} ({property}) is {value}; expected 1 or more.");
    }
}

/// <summary>Who runs first, and who is preempted first.</summary>
public enum SchedulingPolicy
{
    /// <summary>First come, first served; the youngest is preempted.</summary>
    Fcfs,

    /// <summary>The lowest <see cref="GenerationRequest.Priority"/> number first, equals by arrival; the youngest of the highest number is preempted.</summary>
    Priority,

    /// <summary>The tenant that has been served least first (Virtual Token Counter, "Fairness in Serving Large Language Models", OSDI 2024).</summary>
    Fair,
}

/// <summary>How a preempted group gets its keys and values back.</summary>
public enum PreemptionMode
{
    /// <summary>Whichever is estimated to cost less time.</summary>
    Auto,

    /// <summary>They are computed again.</summary>
    Recompute,

    /// <summary>They are kept in host memory, or on disk; computed again only when neither has room.</summary>
    Swap,
}
