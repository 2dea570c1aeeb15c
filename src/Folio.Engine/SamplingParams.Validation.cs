namespace Folio.Engine;

public sealed partial record SamplingParams
{
    private const int MostStopStrings = 4;
    private const int MostBadWords = 128;
    private const int MostBadWordTokens = 1024;
    private const int MostBeamStopIds = 64;
    private const int MostLogprobIds = 128; // each is ranked among the whole vocabulary
    private const int MostLengthPenalty = 5;

    /// <summary>Throws if a value is out of its range. Limits and wording are vLLM's where it has them.</summary>
    /// <param name="vocabularySize">Ids must be below this.</param>
    /// <param name="maxLogprobs">The largest number of log-probabilities that may be asked for.</param>
    /// <exception cref="RequestException">It names the parameter, what it is and what was expected.</exception>
    public void Validate(int vocabularySize, int maxLogprobs)
    {
        Require(N >= 1, "n", $"n must be at least 1, got {N}.");
        Require(Temperature is >= 0 and <= 2, "temperature", $"temperature must be in [0, 2], got {Temperature}.");
        Require(TopP is > 0 and <= 1, "top_p", $"top_p must be in (0, 1], got {TopP}.");
        Require(TopK >= -1, "top_k", $"top_k must be 0 or -1 (off), or at least 1, got {TopK}.");
        Require(MinP is >= 0 and <= 1, "min_p", $"min_p must be in [0, 1], got {MinP}.");
        Require(RepetitionPenalty > 0 && float.IsFinite(RepetitionPenalty), "repetition_penalty", $"repetition_penalty must be a finite number above 0, got {RepetitionPenalty}.");
        Require(PresencePenalty is >= -2 and <= 2, "presence_penalty", $"presence_penalty must be in [-2, 2], got {PresencePenalty}.");
        Require(FrequencyPenalty is >= -2 and <= 2, "frequency_penalty", $"frequency_penalty must be in [-2, 2], got {FrequencyPenalty}.");
        if (UseBeamSearch) ValidateBeams();
        else ValidateDraws();
        ValidateLengths();
        ValidateLogprobs(Logprobs, "logprobs", maxLogprobs);
        ValidateLogprobs(PromptLogprobs, "prompt_logprobs", maxLogprobs);
        Require(LogprobTokenIds.Count == 0 || Logprobs is not null, "logprob_token_ids", "logprob_token_ids names ids whose log-probabilities are wanted, but logprobs isn't asked for.");
        Require(LogprobTokenIds.Count <= MostLogprobIds, "logprob_token_ids", $"logprob_token_ids has {LogprobTokenIds.Count} ids; at most {MostLogprobIds} are allowed.");
        foreach (int id in LogprobTokenIds) RequireId(id, "logprob_token_ids", vocabularySize);
        ValidateStops(vocabularySize);
        ValidateIds(vocabularySize);
    }

    /// <summary>Temperatures below this take the likeliest id.</summary>
    private const float GreedyBelow = 1e-5f;

    private void ValidateDraws()
    {
        bool greedy = Temperature < GreedyBelow;
        Require(N == 1 || !greedy, "n", $"n must be 1 when using greedy sampling, got {N}.");
        Require(BestOf is null or >= 1, "best_of", $"best_of must be at least 1, got {BestOf}.");
        Require(BestOf is null || BestOf >= N, "best_of", $"best_of must be greater than or equal to n, got n={N} and best_of={BestOf}.");
        Require(BestOf is null or 1 || !greedy, "best_of", $"best_of must be 1 when using greedy sampling, got {BestOf}.");
        Require(LengthPenalty == 1, "length_penalty", $"length_penalty is not the default value of 1.0 when not using beam search, got {LengthPenalty}.");
        Require(EarlyStopping == EarlyStopping.False, "early_stopping", "early_stopping is not effective and must be false when not using beam search.");
    }

    /// <remarks>Penalties are bounded so that the score of the longest answer is still a float.</remarks>
    private void ValidateBeams()
    {
        Require(BestOf is null || BestOf == N, "best_of", $"best_of must be n, the beam width, when using beam search, got n={N} and best_of={BestOf}.");
        Require(LengthPenalty is >= -MostLengthPenalty and <= MostLengthPenalty, "length_penalty", $"length_penalty must be in [-{MostLengthPenalty}, {MostLengthPenalty}], got {LengthPenalty}.");
        Require(Stop.Count == 0, "stop", "stop can't be used with beam search, which ends a beam by its ids alone; name the ids in stop_token_ids.");
        Require(StopTokenIds.Count <= MostBeamStopIds, "stop_token_ids", $"stop_token_ids has {StopTokenIds.Count} ids; a beam search takes at most {MostBeamStopIds}.");
    }

    private void ValidateLengths()
    {
        Require(MaxTokens is null or >= 1, "max_tokens", $"max_tokens must be at least 1, got {MaxTokens}.");
        Require(MinTokens >= 0, "min_tokens", $"min_tokens must be greater than or equal to 0, got {MinTokens}.");
        Require(MaxTokens is null || MinTokens <= MaxTokens, "min_tokens", $"min_tokens must be less than or equal to max_tokens={MaxTokens}, got {MinTokens}.");
    }

    private static void ValidateLogprobs(int? count, string parameter, int most)
    {
        Require(count is null or >= 0, parameter, $"{parameter} must be non-negative, got {count}.");
        Require(count is null || count <= most, parameter, $"{parameter} is {count}, which is greater than the allowed maximum of {most}.");
    }

    private void ValidateStops(int vocabularySize)
    {
        Require(Stop.Count <= MostStopStrings, "stop", $"stop has {Stop.Count} strings; at most {MostStopStrings} are allowed.");
        Require(Stop.All(stop => stop.Length > 0), "stop", "stop cannot contain an empty string.");
        foreach (int id in StopTokenIds) RequireId(id, "stop_token_ids", vocabularySize);
    }

    private void ValidateIds(int vocabularySize)
    {
        foreach ((int id, float bias) in LogitBias ?? new Dictionary<int, float>())
        {
            RequireId(id, "logit_bias", vocabularySize);
            Require(float.IsFinite(bias), "logit_bias", $"logit_bias must hold finite numbers; token {id} has {bias}.");
        }

        Require(AllowedTokenIds is null or { Count: > 0 }, "allowed_token_ids", "allowed_token_ids is empty; it must name at least one id.");
        foreach (int id in AllowedTokenIds ?? []) RequireId(id, "allowed_token_ids", vocabularySize);

        if (BadWords is null) return;
        Require(BadWords.Count <= MostBadWords, "bad_words", $"bad_words has {BadWords.Count} words; at most {MostBadWords} are allowed.");
        int tokens = 0;
        foreach (IReadOnlyList<int> word in BadWords)
        {
            Require(word.Count > 0, "bad_words", "bad_words cannot contain an empty word.");
            foreach (int id in word) RequireId(id, "bad_words", vocabularySize);
            tokens += word.Count;
        }

        Require(tokens <= MostBadWordTokens, "bad_words", $"bad_words has {tokens} tokens; at most {MostBadWordTokens} are allowed.");
    }

    private static void RequireId(int id, string parameter, int vocabularySize) =>
        Require(id >= 0 && id < vocabularySize, parameter, $"{parameter} has token id {id}; this model's ids are 0 to {vocabularySize - 1}.");

    private static void Require(bool condition, string parameter, string message)
    {
        if (!condition) throw new RequestException(message, parameter);
    }
}
