using System.CommandLine;
using Folio.Bench;

namespace Folio.Commands;

/// <summary>Which figures of a run against a server are told, and where they are kept. Names are vLLM's.</summary>
internal sealed class ResultArguments
{
    private readonly Option<string[]> _goodput = new("--goodput")
    {
        Description = "What a good request keeps, in milliseconds: ttft:500 tpot:50 e2el:2000, or some of these.",
        HelpName = "KEY:VALUE",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string> _metrics = new("--percentile-metrics") { Description = "Which latencies are told.", DefaultValueFactory = _ => string.Join(',', ServingResult.MetricKeys) };
    private readonly Option<string> _percentiles = new("--metric-percentiles") { Description = "Which of their percentiles are told.", DefaultValueFactory = _ => "99" };
    private readonly Option<bool> _save = new("--save-result") { Description = "Writes the result to a JSON file named after rate, model and time." };
    private readonly Option<string?> _file = new("--result-filename") { Description = "A file for the result, instead of such a name.", HelpName = "FILE" };
    private readonly Option<bool> _detailed = new("--save-detailed") { Description = "The file has each request's figures too." };

    public ResultArguments(Command command)
    {
        foreach (Option option in (Option[])[_goodput, _metrics, _percentiles, _save, _file, _detailed]) command.Options.Add(option);
    }

    public Goodput? Goodput(ParseResult parsed) => Bench.Goodput.Parse(parsed.GetValue(_goodput) ?? []);

    public ResultChoices Choices(ParseResult parsed) => ResultChoices.Parse(parsed.GetValue(_metrics)!, parsed.GetValue(_percentiles)!);

    public bool Detailed(ParseResult parsed) => parsed.GetValue(_detailed);

    /// <returns>Null: the result isn't kept.</returns>
    public string? File(ParseResult parsed, DateTime date, string model, Traffic traffic) =>
        parsed.GetValue(_file) ?? (parsed.GetValue(_save) || parsed.GetValue(_detailed) ? ServingFile.Name(date, model, traffic) : null);
}
