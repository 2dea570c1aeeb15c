using System.Globalization;
using Folio.Engine;
using Folio.Formats;

namespace Folio;

/// <summary>The memory plan as a sentence for people.</summary>
internal static class PlanText
{
    public static string Describe(MemoryPlan plan) => string.Create(
        CultureInfo.InvariantCulture,
        $"weights {SizeText.Of(plan.WeightBytes)}; KV cache {SizeText.Of(plan.KvBytes)} at {SizeText.Of(plan.KvBytesPerToken)} a token: {plan.Blocks} blocks of {plan.BlockSize}, {plan.Tokens} tokens, {plan.ConcurrencyAtFullContext:0.0} sequences of {plan.MaxModelLen}{Swap(plan)}");

    /// <summary>The same of an encoder, which keeps nothing from one step to the next.</summary>
    public static string DescribeEncoder(long weightBytes, ModelInfo model) => string.Create(
        CultureInfo.InvariantCulture, $"weights {SizeText.Of(weightBytes)}; an encoder: embeddings of {model.EmbeddingSize} values ({PoolingOf(model.Pooling)}), texts of {model.MaxModelLen} tokens at most");

    public static string PoolingOf(PoolingKind pooling) => pooling switch
    {
        PoolingKind.Mean => "the mean of the tokens' states",
        PoolingKind.Cls => "the first token's state",
        _ => "the last token's state",
    };

    private static string Swap(MemoryPlan plan)
    {
        if (plan.SwapBytes + plan.DiskSwapBytes == 0) return "";
        string[] places = [.. new[] { (plan.SwapBytes, "memory"), (plan.DiskSwapBytes, "disk") }.Where(place => place.Item1 > 0).Select(place => $"{SizeText.Of(place.Item1)} of {place.Item2}")];
        return $"; for preempted requests {string.Join(" and ", places)}";
    }
}
