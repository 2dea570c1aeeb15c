using System.CommandLine;
using Folio.Engine;
using Folio.Formats;

namespace Folio.Commands;

/// <summary>The sampling options of the commands that generate. What isn't given comes from the model's generation_config.json, then from vLLM's defaults.</summary>
internal sealed class SamplingArguments
{
    private readonly Option<int?> _maxTokens = OptionOf.Integer("--max-tokens", "Most tokens of an answer (default: the room left in the context).", alias: "-n");
    private readonly Option<float?> _temperature = OptionOf.Number("--temperature", "0 takes the likeliest token.", alias: "-t");
    private readonly Option<float?> _topP = OptionOf.Number("--top-p", "Keeps the likeliest ids that hold this share of the probability.");
    private readonly Option<int?> _topK = OptionOf.Integer("--top-k", "Keeps the so many likeliest ids; 0 or -1: all.", least: -1);
    private readonly Option<float?> _minP = OptionOf.Number("--min-p", "Drops ids less likely than this share of the likeliest.");
    private readonly Option<float?> _repetitionPenalty = OptionOf.Number("--repetition-penalty", "Above 1 makes ids that have come before less likely.");
    private readonly Option<long?> _seed = OptionOf.Seed("--seed", "Makes the draws repeatable.");
    private readonly Option<string[]> _stop = new("--stop") { Description = "A text that ends the answer; up to four times." };
    private readonly Option<bool> _ignoreEos = new("--ignore-eos") { Description = "Goes on past the model's end token." };

    public SamplingArguments(Command command)
    {
        foreach (Option option in (Option[])[_maxTokens, _temperature, _topP, _topK, _minP, _repetitionPenalty, _seed, _stop, _ignoreEos]) command.Options.Add(option);
    }

    public SamplingParams Params(ParseResult parsed, GenerationDefaults defaults) => new()
    {
        MaxTokens = parsed.GetValue(_maxTokens),
        Temperature = parsed.GetValue(_temperature) ?? (float?)defaults.Temperature ?? 1,
        TopP = parsed.GetValue(_topP) ?? (float?)defaults.TopP ?? 1,
        TopK = parsed.GetValue(_topK) ?? defaults.TopK ?? 0,
        MinP = parsed.GetValue(_minP) ?? (float?)defaults.MinP ?? 0,
        RepetitionPenalty = parsed.GetValue(_repetitionPenalty) ?? (float?)defaults.RepetitionPenalty ?? 1,
        Seed = parsed.GetValue(_seed),
        Stop = parsed.GetValue(_stop) ?? [],
        IgnoreEos = parsed.GetValue(_ignoreEos),
    };
}
