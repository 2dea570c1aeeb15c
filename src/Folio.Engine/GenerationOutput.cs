namespace Folio.Engine;

public enum FinishReason
{
    /// <summary>EOS, a stop id or a stop string.</summary>
    Stop,

    /// <summary>MaxTokens or the context's end.</summary>
    Length,

    /// <summary>Cancelled by the caller.</summary>
    Abort,
}

/// <summary>An id with its log-probability under the untouched logits.</summary>
/// <param name="Rank">1 for the likeliest id.</param>
public readonly record struct TokenLogprob(int TokenId, float Logprob, int Rank);

/// <summary>Log-probabilities at one position.</summary>
/// <param name="Token">The token that stands there.</param>
/// <param name="Top">The likeliest ids, best first, and behind them those that were asked for by name; empty if none were asked for.</param>
public sealed record PositionLogprobs(TokenLogprob Token, IReadOnlyList<TokenLogprob> Top);

/// <summary>What one sequence of a request has gained since its last output.</summary>
public sealed record GenerationOutput
{
    /// <summary>Which of the request's n sequences.</summary>
    public required int Index { get; init; }

    /// <summary>New ids; a stop id or EOS that ended the sequence is among them.</summary>
    public required IReadOnlyList<int> TokenIds { get; init; }

    /// <summary>New text; "" while a character or a possible stop string is incomplete, and always "" without a tokenizer.</summary>
    public string Text { get; init; } = "";

    /// <summary>[TokenIds.Count], if asked for.</summary>
    public IReadOnlyList<PositionLogprobs>? Logprobs { get; init; }

    /// <summary>[prompt tokens], the first entry null; on the first output of sequence 0 only, if asked for.</summary>
    public IReadOnlyList<PositionLogprobs?>? PromptLogprobs { get; init; }

    /// <summary>On the last output, with best_of: the mean log-probability of its tokens; with beam search: its score.</summary>
    public float? Score { get; init; }

    /// <summary>Set on the last output of this sequence.</summary>
    public FinishReason? FinishReason { get; init; }

    /// <summary>The stop string or stop id that ended it; null for EOS and for length.</summary>
    public object? StopReason { get; init; }
}
