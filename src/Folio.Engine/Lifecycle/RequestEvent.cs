namespace Folio.Engine;

/// <summary>A station of a request's life.</summary>
public enum RequestStage
{
    /// <summary>Accepted; waits for its first step.</summary>
    Queued,

    /// <summary>Takes part in its first step.</summary>
    Admitted,

    /// <summary>A step computes several of its tokens: a part of its prompt or, after a preemption, of what it had.</summary>
    PrefillChunk,

    FirstToken,

    /// <summary>Gave its blocks up for others.</summary>
    Preempted,

    /// <summary>Is back after a preemption.</summary>
    Resumed,

    /// <summary>Over for whoever reads it, however it ended. The last that is told.</summary>
    Ended,
}

/// <summary>What happened to a request. Numbers alone: nothing of what anybody wrote.</summary>
/// <param name="At">When, as a <see cref="System.Diagnostics.Stopwatch"/> timestamp.</param>
public readonly record struct RequestEvent(RequestStage Stage, long At)
{
    /// <summary>Queued: the prompt's. Admitted: those of it that the prefix cache had. PrefillChunk: those of this step. Preempted: those that it had in the cache.</summary>
    public int Tokens { get; init; }

    /// <summary>PrefillChunk: where it begins in the sequence.</summary>
    public int Start { get; init; }

    /// <summary>Preempted: what its blocks were needed for.</summary>
    public PreemptionReason? Reason { get; init; }

    /// <summary>Preempted and Resumed: where its keys and values wait, or waited; null: they are computed again.</summary>
    public SwapTier? Tier { get; init; }

    /// <summary>Ended: what came of it.</summary>
    public RequestEnd? End { get; init; }
}

/// <summary>What came of a request. Times are <see cref="System.Diagnostics.Stopwatch"/> timestamps; 0: it never came so far.</summary>
public sealed record RequestEnd
{
    /// <summary>[n] what ended each of its sequences; null: it failed.</summary>
    public required IReadOnlyList<FinishReason?> FinishReasons { get; init; }

    /// <summary>Why it failed.</summary>
    public Exception? Failure { get; init; }

    public int PromptTokens { get; init; }

    /// <summary>Prompt tokens that were found in the prefix cache.</summary>
    public int CachedTokens { get; init; }

    /// <summary>Tokens of all sequences that were handed out.</summary>
    public int CompletionTokens { get; init; }

    public PreemptionTally Preemptions { get; init; }

    public long QueuedAt { get; init; }

    public long AdmittedAt { get; init; }

    public long FirstTokenAt { get; init; }

    public long LastTokenAt { get; init; }

    /// <summary>The mean time from token to token of its longest sequence; null: it has one token, or all came at once.</summary>
    public TimeSpan? TimePerOutputToken { get; init; }
}
