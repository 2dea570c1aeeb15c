using System.CommandLine;
using System.Diagnostics;
using Folio.Bench;
using Folio.Simulation;

namespace Folio.Commands;

/// <summary>folio bench serve: what clients of a server see, Folio's or any other that speaks OpenAI's API.</summary>
internal static class BenchServeCommand
{
    public static Command Create()
    {
        Option<int?> warmups = OptionOf.Integer("--num-warmups", "Requests that are sent beforehand and don't count (default: 0).", least: 0);
        var model = new Option<string?>("--model-path") { Description = "The served model's folder or file: tells GB/s and Gop/s too, from the steps that the server counts at /metrics.", HelpName = "MODEL" };
        var command = new Command("serve", "Measures a running server: latencies and throughput as its clients see them.") { warmups, model };
        var server = new ServerArguments(command);
        var requests = new TrafficArguments(command);
        var results = new ResultArguments(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            (Traffic traffic, Workload workload, ulong seed) = (requests.Traffic(parsed), requests.Workload(parsed), requests.Seed(parsed));
            (ResultChoices choices, Goodput? goodput) = (results.Choices(parsed), results.Goodput(parsed));
            ModelWork? work = EngineArguments.Find(parsed.GetValue(model), revision: null, quiet: false) is { } place ? ModelWork.Of(place) : null;
            using CompletionClient client = server.NewClient(parsed);
            CompletionBody body = await server.BodyAsync(parsed, client, requests.AnswersHaveLengths(parsed), cancellation);
            PlannedRequest[] planned = [.. workload.Requests.Select((request, i) => body.Plan(request, RandomPrompts.Number(seed, i)))];

            PlannedRequest warmup = body.Plan(workload.Requests[0] with { SharedIds = [] }, RandomPrompts.Number(seed, planned.Length)); // leaves nothing in a cache that counts
            for (int i = parsed.GetValue(warmups) ?? 0; i > 0; i--) await client.SendAsync(warmup, Stopwatch.StartNew(), cancellation);
            StepCount? before = work is null ? null : await client.StepsAsync(cancellation);
            DateTime date = DateTime.Now;
            (RequestOutcome[] outcomes, double seconds) = await new LoadGenerator(client, traffic.MaxConcurrency).RunAsync(planned, cancellation);
            StepCount? after = work is null ? null : await client.StepsAsync(cancellation);

            var result = new ServingResult(outcomes, seconds, goodput);
            Achieved? achieved = work is null ? null : AchievedBy(result, work, before, after);
            foreach (string failure in ServingReport.Failures(result)) Console.Error.WriteLine(failure);
            Console.Out.WriteLine(ServingReport.Table(result, traffic, choices, achieved));
            if (results.File(parsed, date, body.Model, traffic) is { } file) ServingFile.Write(file, date, body.Model, result, traffic, choices, achieved, results.Detailed(parsed));
            return result.Completed > 0 ? 0 : 1;
        });
        return command;
    }

    /// <returns>Null, and a word to the user: the server doesn't tell.</returns>
    private static Achieved? AchievedBy(ServingResult result, ModelWork work, StepCount? before, StepCount? after)
    {
        if (before is not { } first || after is not { } last)
        {
            Console.Error.WriteLine("the server doesn't count its steps at /metrics, so GB/s and Gop/s aren't known");
            return null;
        }

        double keys = result.Outcomes.Where(outcome => outcome.Succeeded).Sum(outcome => ModelWork.KeysRead(outcome.PromptTokens, outcome.OutputTokens));
        return Achieved.Of(work, last.Since(first), keys, result.OutputTokens, result.Seconds);
    }
}
