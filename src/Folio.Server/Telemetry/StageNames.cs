using Folio.Engine;

namespace Folio.Server;

/// <summary>Stations of a request's life in the words of the metrics' labels.</summary>
internal static class StageNames
{
    public static string Reason(in RequestEvent preempted) => preempted.Reason == PreemptionReason.Decode ? "decode" : "prefill";

    /// <summary>How keys and values come back.</summary>
    public static string Mode(in RequestEvent happened) => happened.Tier switch
    {
        SwapTier.Host => "host",
        SwapTier.Disk => "disk",
        _ => "recompute",
    };

    public static string[] Of(IReadOnlyList<FinishReason?> reasons) => [.. reasons.Select(reason => reason is { } known ? StopReason.Name(known) : "error")];
}
