namespace Folio.Engine.Tests;

public sealed class SamplingParamsTests
{
    public static TheoryData<string, SamplingParams> OutOfRange => new()
    {
        { "n", new() { N = 0 } },
        { "n", new() { N = 2, Temperature = 0 } },
        { "best_of", new() { BestOf = 0 } },
        { "best_of", new() { N = 3, BestOf = 2 } },
        { "best_of", new() { BestOf = 2, Temperature = 0 } },
        { "best_of", new() { UseBeamSearch = true, N = 3, BestOf = 4 } },
        { "length_penalty", new() { LengthPenalty = 2 } },
        { "length_penalty", new() { UseBeamSearch = true, LengthPenalty = float.NaN } },
        { "length_penalty", new() { UseBeamSearch = true, LengthPenalty = 5.1f } },
        { "early_stopping", new() { EarlyStopping = EarlyStopping.Never } },
        { "stop", new() { UseBeamSearch = true, Stop = ["a"] } },
        { "stop_token_ids", new() { UseBeamSearch = true, StopTokenIds = [.. Enumerable.Range(0, 65)] } },
        { "temperature", new() { Temperature = -0.1f } },
        { "temperature", new() { Temperature = 2.1f } },
        { "temperature", new() { Temperature = float.NaN } },
        { "top_p", new() { TopP = 0 } },
        { "top_p", new() { TopP = 1.1f } },
        { "top_p", new() { TopP = float.NaN } },
        { "top_k", new() { TopK = -2 } },
        { "min_p", new() { MinP = -0.1f } },
        { "min_p", new() { MinP = float.NaN } },
        { "repetition_penalty", new() { RepetitionPenalty = 0 } },
        { "repetition_penalty", new() { RepetitionPenalty = float.PositiveInfinity } },
        { "presence_penalty", new() { PresencePenalty = 2.1f } },
        { "frequency_penalty", new() { FrequencyPenalty = float.NaN } },
        { "max_tokens", new() { MaxTokens = 0 } },
        { "min_tokens", new() { MinTokens = -1 } },
        { "min_tokens", new() { MinTokens = 5, MaxTokens = 4 } },
        { "logprobs", new() { Logprobs = -1 } },
        { "logprobs", new() { Logprobs = 21 } },
        { "prompt_logprobs", new() { PromptLogprobs = 21 } },
        { "logprob_token_ids", new() { LogprobTokenIds = [1] } },
        { "logprob_token_ids", new() { Logprobs = 0, LogprobTokenIds = [100] } },
        { "logprob_token_ids", new() { Logprobs = 0, LogprobTokenIds = [.. Enumerable.Repeat(1, 129)] } },
        { "stop", new() { Stop = ["a", "b", "c", "d", "e"] } },
        { "stop", new() { Stop = [""] } },
        { "stop_token_ids", new() { StopTokenIds = [100] } },
        { "logit_bias", new() { LogitBias = new Dictionary<int, float> { [-1] = 1 } } },
        { "logit_bias", new() { LogitBias = new Dictionary<int, float> { [1] = float.NaN } } },
        { "allowed_token_ids", new() { AllowedTokenIds = [] } },
        { "allowed_token_ids", new() { AllowedTokenIds = [100] } },
        { "bad_words", new() { BadWords = [[1], []] } },
        { "bad_words", new() { BadWords = [[1, 100]] } },
    };

    [Theory]
    [MemberData(nameof(OutOfRange), DisableDiscoveryEnumeration = true)]
    public void A_value_out_of_range_is_refused_by_name(string parameter, SamplingParams sampling)
    {
        RequestException refusal = Assert.Throws<RequestException>(() => sampling.Validate(vocabularySize: 100, maxLogprobs: 20));
        Assert.Equal(parameter, refusal.Parameter);
        Assert.StartsWith(parameter, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Limits_themselves_are_allowed()
    {
        new SamplingParams { N = 2, Temperature = 2, TopP = 1, TopK = int.MaxValue, MinP = 1, PresencePenalty = -2, FrequencyPenalty = 2, Logprobs = 20, MinTokens = 4, MaxTokens = 4 }.Validate(100, 20);
        new SamplingParams { N = 3, BestOf = 3 }.Validate(100, 20);
        new SamplingParams { UseBeamSearch = true, N = 3, BestOf = 3, Temperature = 0, LengthPenalty = -5, EarlyStopping = EarlyStopping.Never, StopTokenIds = [1] }.Validate(100, 20);
        new SamplingParams { Temperature = 0, TopK = -1, Logprobs = 0, PromptLogprobs = 0, Stop = ["a", "b", "c", "d"], StopTokenIds = [0, 99] }.Validate(100, 20);
    }
}
