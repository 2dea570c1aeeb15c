using Folio.Simulation;

namespace Folio.Paper;

/// <summary>What the paper reports, by system in the order of <see cref="ServingSystem.All"/>: vLLM, Oracle, Pow2, Max, FasterTransformer.</summary>
/// <remarks>Rates are read off its plots, so they are good to a tenth or so.</remarks>
internal static class PaperNumbers
{
    /// <summary>The length of the traces with ShareGPT lengths, in seconds: an hour, as the paper's.</summary>
    public const double LongTrace = 3600;

    /// <summary>The length of those with short outputs or high rates: a quarter of an hour, as the paper's for OPT-175B.</summary>
    public const double ShortTrace = 900;

    public const ulong Seed = 1;

    /// <summary>Fig. 12.</summary>
    public static IReadOnlyList<(Deployment Deployment, double[] ShareGpt, double[] Alpaca)> Knees { get; } =
    [
        (Deployment.Opt13B, [1.9, 1.1, 0.75, 0.5, 0.3], [28, 20, 13, 7, 5]),
        (Deployment.Opt66B, [0.95, 0.65, 0.4, 0.2, 0.1], [18, 13, 9, 5, 3]),
        (Deployment.Opt175B, [2.4, 1.8, 1.5, 1.0, 0.5], [20, 16, 13, 6, 4]),
    ];

    /// <summary>Fig. 13: requests that run at once, OPT-13B: at 2 requests/s with ShareGPT lengths, at 30 with Alpaca's. The paper has no figure for FasterTransformer.</summary>
    public static double[] ShareGptBatch { get; } = [30.42, 13.62, 9.81, 7.00];

    public static double[] AlpacaBatch { get; } = [132.44, 72.75, 43.24, 7.00];

    /// <summary>Fig. 15: shares of the blocks that sharing saves, OPT-13B with Alpaca lengths, 2, 4 and 6 sequences.</summary>
    public static double[] SamplingSaving { get; } = [0.0609, 0.0853, 0.0979];

    public static double[] BeamSaving { get; } = [0.3756, 0.5313, 0.5516];

    /// <summary>The same with ShareGPT lengths: from … to.</summary>
    public const string ShareGptSamplingSaving = "16.2–30.5 %";

    public const string ShareGptBeamSaving = "44.3–66.3 %";
}
