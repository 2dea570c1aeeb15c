using Folio.Engine;

namespace Folio.Bench;

/// <summary>Steps that an engine has run, and the tokens that it has computed in them.</summary>
internal readonly record struct StepCount(double Steps, double Tokens)
{
    public static StepCount Of(EngineMetrics metrics) => new(metrics.IterationTokens.CumulativeCounts()[^1], metrics.IterationTokens.Sum);

    public StepCount Since(StepCount earlier) => new(Steps - earlier.Steps, Tokens - earlier.Tokens);
}
