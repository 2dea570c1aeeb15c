using System.CommandLine;
using Folio.Bench;
using Folio.Engine;

namespace Folio.Commands;

/// <summary>The requests of a benchmark in this process, and where its result goes. Names are vLLM's.</summary>
internal sealed class OfflineArguments
{
    private const int DefaultOutput = 128;

    private readonly int _defaultInput;
    private readonly Option<int?> _input;
    private readonly Option<int?> _output = OptionOf.Integer("--output-len", $"Tokens of each answer (default: {DefaultOutput}).");
    private readonly Option<int?> _n = OptionOf.Integer("--n", "Answers to each prompt (default: 1).");
    private readonly Option<bool> _beams = new("--use-beam-search") { Description = "The answers of a prompt are searched for with so many beams, instead of drawn." };
    private readonly Option<long?> _seed = OptionOf.Seed("--seed", "For the prompts and the draws (default: 0).");
    private readonly Option<string?> _file = new("--output-json") { Description = "A file for the result.", HelpName = "FILE" };

    public OfflineArguments(Command command, int defaultInput)
    {
        _defaultInput = defaultInput;
        _input = OptionOf.Integer("--input-len", $"Tokens of each prompt (default: {defaultInput}).");
        foreach (Option option in (Option[])[_input, _output, _n, _beams, _seed, _file]) command.Options.Add(option);
    }

    public int InputLength(ParseResult parsed) => parsed.GetValue(_input) ?? _defaultInput;

    public long Seed(ParseResult parsed) => parsed.GetValue(_seed) ?? 0;

    public string? OutputFile(ParseResult parsed) => parsed.GetValue(_file);

    /// <summary>However many prompts there are, they may all wait.</summary>
    public static EngineOptions Options(EngineOptions options) => options with { MaxWaitingRequests = int.MaxValue, MaxPrefillStall = null };

    /// <summary>Draws as vLLM's benchmarks do, at temperature 1, past end tokens.</summary>
    public SamplingParams Sampling(ParseResult parsed) => new()
    {
        N = parsed.GetValue(_n) ?? 1,
        UseBeamSearch = parsed.GetValue(_beams),
        MaxTokens = parsed.GetValue(_output) ?? DefaultOutput,
        IgnoreEos = true,
    };
}
