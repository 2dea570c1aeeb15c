namespace Folio.Engine.Tests;

/// <summary>What an engine did while it answered: a way of scheduling proves nothing unless it really was gone.</summary>
internal sealed record Seen(long Recomputed, long ToHost, long ToDisk, long Copies, long Cached, int RequestsPreempted)
{
    public static Seen Of(EngineMetrics metrics, IReadOnlyList<GenerationStream> streams) => new(
        Preemptions(metrics, "recompute"),
        Preemptions(metrics, "host"),
        Preemptions(metrics, "disk"),
        metrics.CopiedBlocks.Value,
        streams.Sum(stream => (long)stream.CachedTokens),
        streams.Count(stream => stream.Preemptions.Count > 0));

    /// <param name="metrics">An engine's.</param>
    /// <param name="mode">How the keys and values come back: recompute, host, disk.</param>
    public static long Preemptions(EngineMetrics metrics, string mode) =>
        metrics.All.OfType<Counter>().Single(counter => counter.Name == "folio:preemptions_by_mode_total" && counter.Label == ("mode", mode)).Value;

    public static long PreemptedTokens(EngineMetrics metrics, string mode) =>
        metrics.All.OfType<Counter>().Single(counter => counter.Name == "folio:preempted_tokens_total" && counter.Label == ("mode", mode)).Value;
}
