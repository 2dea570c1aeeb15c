using Folio.Compute;
using Folio.Formats;
using Folio.Models;

namespace Folio.Engine;

/// <summary>What an engine is told where its model is an encoder: a text is computed whole and nothing of it is kept, so the "KV cache" is what one step works in.</summary>
internal static class EncoderOptions
{
    /// <param name="options">As asked for; its longest sequence is within the model's context.</param>
    public static EngineOptions For(EngineOptions options, ModelSource source, DecoderSpec spec, DType cacheType)
    {
        string[] idle = [.. Idle(options)];
        if (idle.Length > 0) options.Warning?.Invoke($"{source.Path}: an encoder keeps nothing from step to step, so {string.Join(", ", idle)} {(idle.Length == 1 ? "has" : "have")} no effect.");
        int longest = options.MaxModelLen ?? Math.Min(spec.ContextLength, source.Embedding.MaxTokens ?? int.MaxValue);
        int tokens = Math.Max(options.StepTokens, longest);
        long blocks = 2 + (((long)tokens / options.BlockSize) + options.MaxNumSeqs) * 102 / 100; // each sequence may waste one; the scheduler keeps a hundredth free
        return options with
        {
            MaxModelLen = longest,
            MaxNumBatchedTokens = tokens,
            WholePrompts = true,
            NumBlocks = (int)Math.Min(blocks, int.MaxValue),
            KvCacheType = cacheType,
            KvCacheMemory = null,
            EnablePrefixCaching = false,
            PrefixCacheDirectory = null,
            PreemptionMode = PreemptionMode.Recompute,
            SwapSpace = 0,
            SwapDirectory = null,
            MaxPrefillStall = null,
            GrowthTokens = 0,
        };
    }

    /// <summary>What was asked for and means nothing here, as far as it differs from what everybody has who asked for nothing.</summary>
    private static IEnumerable<string> Idle(EngineOptions options)
    {
        if (options.NumBlocks is not null) yield return "--num-blocks (NumBlocks)";
        if (options.KvCacheMemory is not null) yield return "--kv-cache-memory (KvCacheMemory)";
        if (options.KvCacheType is not (DType.BF16 or DType.F32)) yield return "--kv-cache-dtype (KvCacheType)";
        if (options.PrefixCacheDirectory is not null) yield return "--prefix-cache-dir (PrefixCacheDirectory)";
        if (options.PreemptionMode == PreemptionMode.Swap) yield return "--preemption-mode (PreemptionMode)";
        if (options.SwapSpace is > 0) yield return "--swap-space (SwapSpace)";
        if (options.SwapDirectory is not null) yield return "--swap-directory (SwapDirectory)";
        if (options.MaxPrefillStall is not null && options.MaxPrefillStall != new EngineOptions().MaxPrefillStall) yield return "--max-prefill-stall (MaxPrefillStall)";
    }
}
