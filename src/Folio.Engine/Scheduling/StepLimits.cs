namespace Folio.Engine;

/// <summary>What one step holds at most. Everything that a step needs is reserved for these sizes at start.</summary>
/// <param name="Tokens">Token rows: the token budget.</param>
/// <param name="Sequences">Sequences that run at once.</param>
/// <param name="LogitRows">Rows of logits: one a sequence, more where prompts want log-probabilities.</param>
internal readonly record struct StepLimits(int Tokens, int Sequences, int LogitRows)
{
    public static StepLimits For(EngineOptions options) =>
        new(options.StepTokens, options.MaxNumSeqs, Math.Min(options.StepTokens, Math.Max(options.MaxNumSeqs, 64)));
}
