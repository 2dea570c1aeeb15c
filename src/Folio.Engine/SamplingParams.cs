namespace Folio.Engine;

/// <summary>How a request's tokens are chosen and when it ends. Names, defaults, ranges and order of operations are vLLM's.</summary>
public sealed partial record SamplingParams
{
    /// <summary>Answers to one prompt: independent sequences that share the prompt's blocks.</summary>
    public int N { get; init; } = 1;

    /// <summary>
    /// So many sequences are drawn, and the N with the highest mean log-probability (under the untouched logits) are answered, when all have finished. Null: N. Needs
    /// N ≤ BestOf. Only what is answered counts as completion tokens.
    /// </summary>
    public int? BestOf { get; init; }

    /// <summary>
    /// The N likeliest continuations are searched for instead of drawn: N is the beam's width; temperature, top-k, top-p, min-p and seed have no effect, penalties and
    /// masks have. EOS and stop ids end a beam; stop strings are refused. All are answered at the end, best first. Scores are sums of log-probabilities divided by
    /// length ^ <see cref="LengthPenalty"/>. The definition is that of Hugging Face transformers.
    /// </summary>
    public bool UseBeamSearch { get; init; }

    /// <summary>Beam search: above 0 favours long answers, below 0 short ones.</summary>
    public float LengthPenalty { get; init; } = 1;

    /// <summary>Beam search: when it ends.</summary>
    public EarlyStopping EarlyStopping { get; init; } = EarlyStopping.False;

    /// <summary>0 takes the likeliest token. [0, 2].</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>(0, 1]; 1 is off.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>0 or −1 is off.</summary>
    public int TopK { get; init; }

    /// <summary>[0, 1]; 0 is off.</summary>
    public float MinP { get; init; }

    /// <summary>Above 0; over prompt and output; 1 is off.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>[−2, 2]; over the output.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>[−2, 2]; over the output.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Added to the logits of these ids; values are clipped to ±100.</summary>
    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    /// <summary>Only these ids may be chosen.</summary>
    public IReadOnlyList<int>? AllowedTokenIds { get; init; }

    /// <summary>Token sequences that must not appear in the output.</summary>
    public IReadOnlyList<IReadOnlyList<int>>? BadWords { get; init; }

    /// <summary>Most tokens of the answer. Null: the room left in the context.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Until the answer has so many tokens, neither EOS nor a stop id can be chosen.</summary>
    public int MinTokens { get; init; }

    /// <summary>Texts that end the answer; at most 4, none empty. Checked by whoever turns tokens into text (<see cref="GenerationStream"/>).</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    public IReadOnlyList<int> StopTokenIds { get; init; } = [];

    public bool IncludeStopStrInOutput { get; init; }

    /// <summary>The model's end tokens don't end the answer.</summary>
    public bool IgnoreEos { get; init; }

    /// <summary>Makes the draws repeatable: sequence i of the request draws with Seed + i. Null: a fresh seed for each request.</summary>
    public long? Seed { get; init; }

    /// <summary>Log-probabilities of the so many likeliest ids beside the chosen one's; 0: the chosen one's alone; null: none.</summary>
    public int? Logprobs { get; init; }

    /// <summary>The same for the tokens of the prompt.</summary>
    public int? PromptLogprobs { get; init; }

    /// <summary>Ids whose log-probabilities are told at every position of the answer, behind the likeliest; only with <see cref="Logprobs"/>.</summary>
    public IReadOnlyList<int> LogprobTokenIds { get; init; } = [];

    /// <summary>Special tokens leave no text.</summary>
    public bool SkipSpecialTokens { get; init; } = true;

    /// <summary>Special tokens that leave their text all the same: marks that a parser of the answer needs.</summary>
    public IReadOnlyCollection<int> ShownSpecialTokens { get; init; } = [];

    /// <summary>More sequences are drawn than are answered: they must be ranked.</summary>
    internal bool Ranks => !UseBeamSearch && BestOf > N;

    /// <summary>The answer comes as a whole, at the end.</summary>
    internal bool AnswersAtOnce => UseBeamSearch || Ranks;

    /// <summary>Sequences that live at once.</summary>
    internal int Width => UseBeamSearch ? N : BestOf ?? N;
}

/// <summary>When a beam search that has N finished sequences ends. Names and meanings are those of Hugging Face transformers.</summary>
public enum EarlyStopping
{
    /// <summary>When no live beam's present score would be better than the worst finished one.</summary>
    False,

    /// <summary>At once.</summary>
    True,

    /// <summary>When no live beam can become better than the worst finished one, however long it grows.</summary>
    Never,
}
