using System.Globalization;
using Folio.Engine;

namespace Folio;

/// <summary>The memory plan as a sentence for people.</summary>
internal static class PlanText
{
    public static string Describe(MemoryPlan plan) => string.Create(
        CultureInfo.InvariantCulture,
        $"weights {MemoryPlan.Size(plan.WeightBytes)}; KV cache {MemoryPlan.Size(plan.KvBytes)} at {MemoryPlan.Size(plan.KvBytesPerToken)} a token: {plan.Blocks} blocks of {plan.BlockSize}, {plan.Tokens} tokens, {plan.ConcurrencyAtFullContext:0.0} sequences of {plan.MaxModelLen}");
}
