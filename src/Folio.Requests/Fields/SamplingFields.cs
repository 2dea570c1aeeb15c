using System.Globalization;
using System.Text.Json;
using Folio.Engine;
using Folio.Formats;
using Folio.Tokenization;

namespace Folio.Requests;

/// <summary>The sampling fields that all generating routes share, by vLLM's names. Ranges are the engine's to check; what only text can say is settled here.</summary>
internal static class SamplingFields
{
    public const int MaxBadWords = 128;
    public const int MaxN = 128;

    /// <summary>OpenAI's bound; a bias beyond it counts as this, as at vLLM.</summary>
    private const float MaxBias = 100;

    /// <summary>The parameters that a body asks for; where it says nothing, those of the model's generation_config.json.</summary>
    public static SamplingParams Read(Fields body, ModelInfo model)
    {
        GenerationDefaults defaults = model.Defaults;
        var sampling = new SamplingParams();
        return sampling with
        {
            N = ReadCount(body, "n") ?? sampling.N,
            BestOf = ReadCount(body, "best_of"),
            UseBeamSearch = body.Flag("use_beam_search") ?? sampling.UseBeamSearch,
            LengthPenalty = body.Number("length_penalty") ?? sampling.LengthPenalty,
            EarlyStopping = ReadEarlyStopping(body),
            Temperature = body.Number("temperature") ?? (float?)defaults.Temperature ?? sampling.Temperature,
            TopP = body.Number("top_p") ?? (float?)defaults.TopP ?? sampling.TopP,
            TopK = ReadTopK(body) ?? defaults.TopK ?? sampling.TopK,
            MinP = body.Number("min_p") ?? (float?)defaults.MinP ?? sampling.MinP,
            RepetitionPenalty = body.Number("repetition_penalty") ?? (float?)defaults.RepetitionPenalty ?? sampling.RepetitionPenalty,
            PresencePenalty = body.Number("presence_penalty") ?? sampling.PresencePenalty,
            FrequencyPenalty = body.Number("frequency_penalty") ?? sampling.FrequencyPenalty,
            LogitBias = ReadLogitBias(body),
            AllowedTokenIds = body.Integers("allowed_token_ids"),
            BadWords = ReadBadWords(body, model.Tokenizer),
            MinTokens = body.Integer("min_tokens") ?? sampling.MinTokens,
            Stop = ReadStop(body),
            StopTokenIds = body.Integers("stop_token_ids") ?? sampling.StopTokenIds,
            IncludeStopStrInOutput = body.Flag("include_stop_str_in_output") ?? sampling.IncludeStopStrInOutput,
            IgnoreEos = body.Flag("ignore_eos") ?? sampling.IgnoreEos,
            Seed = body.LongInteger("seed"),
            SkipSpecialTokens = body.Flag("skip_special_tokens") ?? sampling.SkipSpecialTokens,
            PromptLogprobs = body.Integer("prompt_logprobs"),
            LogprobTokenIds = body.Integers("logprob_token_ids") ?? sampling.LogprobTokenIds,
        };
    }

    /// <summary>Beams and the best of several are known when all of them have ended: there is nothing to send before.</summary>
    public static void RequireStreamable(SamplingParams sampling)
    {
        if (sampling.UseBeamSearch) throw ApiException.BadRequest("use_beam_search can't be streamed: which beams are best is known at the end.", "use_beam_search");
        if (sampling.BestOf > sampling.N) throw ApiException.BadRequest($"best_of ({sampling.BestOf}) above n ({sampling.N}) can't be streamed: which answers are best is known at the end.", "best_of");
    }

    private static int? ReadCount(Fields body, string name)
    {
        int? count = body.Integer(name);
        return count is < 1 or > MaxN ? throw ApiException.BadRequest($"{name} must be in [1, {MaxN}], got {count}.", name) : count;
    }

    private static EarlyStopping ReadEarlyStopping(Fields body) => body.Get("early_stopping") switch
    {
        null or { ValueKind: JsonValueKind.False } => EarlyStopping.False,
        { ValueKind: JsonValueKind.True } => EarlyStopping.True,
        { ValueKind: JsonValueKind.String } text when text.ValueEquals("never") => EarlyStopping.Never,
        { } value => throw Fields.Expected("true, false or \"never\"", value, "early_stopping"),
    };

    /// <summary>Any integer that is large enough means "all": vLLM's clients send up to 2⁶³.</summary>
    private static int? ReadTopK(Fields body) => body.LongInteger("top_k") is { } value ? (int)long.Clamp(value, int.MinValue, int.MaxValue) : null;

    private static Dictionary<int, float>? ReadLogitBias(Fields body)
    {
        if (body.Object("logit_bias") is not { } bias) return null;
        var values = new Dictionary<int, float>();
        foreach (JsonProperty entry in bias.Element.EnumerateObject())
        {
            if (!int.TryParse(entry.Name, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int id))
            {
                throw ApiException.BadRequest($"logit_bias has the key \"{Fields.Cut(entry.Name)}\"; keys are token ids.", "logit_bias");
            }

            float value = float.Clamp(Fields.AsNumber(entry.Value, "logit_bias"), -MaxBias, MaxBias);
            if (!values.TryAdd(id, value)) throw ApiException.BadRequest($"logit_bias names the token {id} twice.", "logit_bias");
        }

        return values;
    }

    private static string[] ReadStop(Fields body) =>
        body.Get("stop") is { ValueKind: JsonValueKind.String } one ? [one.GetString()!]
        : body.Get("stop") is not { } value || value.ValueKind == JsonValueKind.Array ? body.Texts("stop") ?? []
        : throw Fields.Expected("a string or a list of strings", value, "stop");

    /// <summary>Each word as it stands at the start of a text and, where that is another single way of writing it, after a space: vLLM's rule.</summary>
    private static List<IReadOnlyList<int>>? ReadBadWords(Fields body, Tokenizer? tokenizer)
    {
        if (body.Texts("bad_words") is not { Length: > 0 } words) return null;
        if (tokenizer is null) throw ApiException.BadRequest("This model has no tokenizer, so bad_words can't be turned into ids; use logit_bias.", "bad_words");
        if (words.Length > MaxBadWords) throw ApiException.BadRequest($"bad_words has {words.Length} entries; at most {MaxBadWords} are allowed.", "bad_words");

        List<IReadOnlyList<int>> sequences = [];
        foreach (string word in words)
        {
            string trimmed = word.TrimStart();
            int[] first = tokenizer.Encode(trimmed);
            if (first.Length == 0) throw ApiException.BadRequest("bad_words cannot contain an empty string.", "bad_words");
            sequences.Add(first);
            int[] spaced = tokenizer.Encode($" {trimmed}");
            if (spaced.Length == first.Length && spaced[0] != first[0]) sequences.Add(spaced);
        }

        return sequences;
    }
}
