using System.CommandLine;
using Folio.Bench;
using Folio.Simulation;

namespace Folio.Commands;

/// <summary>What a server is sent and when. Names are vLLM's.</summary>
internal sealed class TrafficArguments
{
    private const int DefaultRequests = 1000, DefaultInput = 1024, DefaultOutput = 128;

    private readonly Option<Dataset?> _dataset = OptionOf.Choice(
        "--dataset-name",
        "Prompts without meaning, of one length; of lengths like ShareGPT's; of the lengths of a recorded trace, at its times (default: random).",
        ("random", Dataset.Random),
        ("sharegpt", Dataset.ShareGpt),
        ("trace", Dataset.Trace));

    private readonly Option<string?> _trace = new("--trace-path") { Description = "The trace: a file in the form of Azure's (.csv) or Mooncake's (.jsonl), or azure-conv or azure-code.", HelpName = "FILE" };
    private readonly Option<int?> _count = OptionOf.Integer("--num-prompts", $"Requests; of a trace the first ones (default: {DefaultRequests}).");
    private readonly Option<int?> _input = OptionOf.Integer("--random-input-len", $"Tokens of each prompt, beside the prefix (default: {DefaultInput}).");
    private readonly Option<int?> _output = OptionOf.Integer("--random-output-len", $"Tokens of each answer (default: {DefaultOutput}).");
    private readonly Option<int?> _prefix = OptionOf.Integer("--random-prefix-len", "Tokens that all prompts begin with (default: 0).", least: 0);
    private readonly Option<int?> _maxModelLen = OptionOf.Integer("--max-model-len", "Requests of a trace with more tokens, prompt and answer together, are left out.");
    private readonly Option<double?> _rate = OptionOf.Positive("--request-rate", "Requests a second; inf: all at once (default: inf; a trace's own times, which another rate stretches).");
    private readonly Option<double?> _burstiness = OptionOf.Positive("--burstiness", "Shape of the gamma process that requests come in: 1 is Poisson's, less comes in bursts, more is even (default: 1).");
    private readonly Option<int?> _maxConcurrency = OptionOf.Integer("--max-concurrency", "Requests on their way at once at most (default: no limit).");
    private readonly Option<long?> _seed = OptionOf.Seed("--seed", "For lengths, arrivals and texts (default: 0).");

    public TrafficArguments(Command command)
    {
        foreach (Option option in (Option[])[_dataset, _trace, _count, _input, _output, _prefix, _maxModelLen, _rate, _burstiness, _maxConcurrency, _seed]) command.Options.Add(option);
    }

    public ulong Seed(ParseResult parsed) => unchecked((ulong)(parsed.GetValue(_seed) ?? 0));

    /// <summary>Random prompts and traces have lengths of their own, which an end token would cut.</summary>
    public bool AnswersHaveLengths(ParseResult parsed) => Name(parsed) != Dataset.ShareGpt;

    public Traffic Traffic(ParseResult parsed) => new(
        parsed.GetValue(_rate) ?? double.PositiveInfinity,
        Name(parsed) == Dataset.Trace ? null : parsed.GetValue(_burstiness) ?? 1,
        parsed.GetValue(_maxConcurrency));

    /// <exception cref="FolioException">Options that don't go together, or a trace that can't be read.</exception>
    public Workload Workload(ParseResult parsed)
    {
        int count = parsed.GetValue(_count) ?? DefaultRequests;
        if (Name(parsed) == Dataset.Trace) return Trace(parsed, count);
        if (parsed.GetValue(_trace) is not null) throw new FolioException("--trace-path goes with --dataset-name trace.");
        if (parsed.GetValue(_maxModelLen) is not null) throw new FolioException("--max-model-len goes with --dataset-name trace.");
        ulong seed = Seed(parsed);
        Workload workload = Name(parsed) == Dataset.ShareGpt
            ? ServingWorkload.ShareGpt(count, seed)
            : ServingWorkload.Random(count, parsed.GetValue(_input) ?? DefaultInput, parsed.GetValue(_output) ?? DefaultOutput, parsed.GetValue(_prefix) ?? 0, seed);
        Traffic traffic = Traffic(parsed);
        return workload.Arriving(traffic.Rate, traffic.Burstiness!.Value, seed);
    }

    private Workload Trace(ParseResult parsed, int count)
    {
        string path = parsed.GetValue(_trace) ?? throw new FolioException("--dataset-name trace needs --trace-path.");
        if (parsed.GetValue(_burstiness) is not null) throw new FolioException("--burstiness has no meaning for a trace: its requests come at its own times.");
        Workload trace = ServingWorkload.Trace(path, count, parsed.GetValue(_maxModelLen));
        return parsed.GetValue(_rate) switch
        {
            null => trace,
            double.PositiveInfinity => trace.Arriving(double.PositiveInfinity, burstiness: 1, seed: 0),
            { } rate => trace.AtRate(rate),
        };
    }

    private Dataset Name(ParseResult parsed) => parsed.GetValue(_dataset) ?? Dataset.Random;

    private enum Dataset
    {
        Random,
        ShareGpt,
        Trace,
    }
}
