namespace Folio.Bench;

/// <summary>A request that is ready to be sent.</summary>
/// <param name="Arrival">Seconds from the start.</param>
/// <param name="Body">JSON.</param>
/// <param name="PromptTokens">As planned; the server's own count replaces it.</param>
internal sealed record PlannedRequest(double Arrival, byte[] Body, int PromptTokens);

/// <summary>What a client saw of one request; times in seconds.</summary>
internal sealed record RequestOutcome
{
    /// <summary>When it was sent, from the start of the run.</summary>
    public double Start { get; init; }

    /// <summary>From sending to the first token.</summary>
    public double FirstToken { get; init; }

    /// <summary>From each token to the next.</summary>
    public IReadOnlyList<double> Gaps { get; init; } = [];

    /// <summary>From sending to the last token.</summary>
    public double Latency { get; init; }

    public int PromptTokens { get; init; }

    /// <summary>As the server counts them; where it doesn't, events that brought some.</summary>
    public int OutputTokens { get; init; }

    public string Text { get; init; } = "";

    /// <summary>Why it failed; null: it did not.</summary>
    public string? Error { get; init; }

    public bool Succeeded => Error is null;

    /// <summary>Mean time from token to token; 0 where there is one token.</summary>
    public double TimePerToken => OutputTokens > 1 ? (Latency - FirstToken) / (OutputTokens - 1) : 0;
}
