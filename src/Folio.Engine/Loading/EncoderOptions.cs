using Folio.Compute;
using Folio.Formats;
using Folio.Models;

namespace Folio.Engine;

/// <summary>What an engine is told where its model is an encoder: a text is computed whole and nothing of it is kept, so the "KV cache" is what one step works in.</summary>
internal static class EncoderOptions
{
    public static EngineOptions For(EngineOptions options, ModelSource source, DecoderSpec spec)
    {
        int longest = options.MaxModelLen ?? Math.Min(spec.ContextLength, source.Embedding.MaxTokens ?? int.MaxValue);
        int tokens = Math.Max(options.MaxNumBatchedTokens, longest);
        return options with
        {
            MaxModelLen = longest,
            MaxNumBatchedTokens = tokens,
            WholePrompts = true,
            NumBlocks = 2 + ((tokens / options.BlockSize) + options.MaxNumSeqs) * 102 / 100, // each sequence may waste one; the scheduler keeps a hundredth free
            KvCacheType = DType.F32,
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
}
