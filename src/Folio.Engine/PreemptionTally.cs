namespace Folio.Engine;

/// <summary>How often a request was preempted, for what, how its keys and values came back, and how many tokens that cost.</summary>
/// <param name="ForDecode">The blocks were needed for the next token of a request ahead of it.</param>
/// <param name="ForPrefill">The blocks were needed for the prompt of a request ahead of it.</param>
/// <param name="Recomputed">They were computed again.</param>
/// <param name="SwappedToHost">They waited in host memory.</param>
/// <param name="SwappedToDisk">They waited on disk.</param>
/// <param name="Tokens">Tokens computed again, or moved out and back.</param>
public readonly record struct PreemptionTally(int ForDecode, int ForPrefill, int Recomputed, int SwappedToHost, int SwappedToDisk, long Tokens)
{
    public int Count => ForDecode + ForPrefill;

    public static PreemptionTally operator +(PreemptionTally one, PreemptionTally two) => new(
        one.ForDecode + two.ForDecode,
        one.ForPrefill + two.ForPrefill,
        one.Recomputed + two.Recomputed,
        one.SwappedToHost + two.SwappedToHost,
        one.SwappedToDisk + two.SwappedToDisk,
        one.Tokens + two.Tokens);

    /// <param name="tier">Where the keys and values wait; null: they will be computed again.</param>
    internal static PreemptionTally One(SwapTier? tier, PreemptionReason reason, int tokens) => new(
        reason == PreemptionReason.Decode ? 1 : 0,
        reason == PreemptionReason.Prefill ? 1 : 0,
        tier is null ? 1 : 0,
        tier == SwapTier.Host ? 1 : 0,
        tier == SwapTier.Disk ? 1 : 0,
        tokens);
}
