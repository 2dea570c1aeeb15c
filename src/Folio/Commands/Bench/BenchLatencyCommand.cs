using System.CommandLine;
using Folio.Bench;
using Folio.Engine;

namespace Folio.Commands;

/// <summary>folio bench latency [MODEL]: how long one batch takes, again and again.</summary>
internal static class BenchLatencyCommand
{
    private const int DefaultBatch = 8, DefaultWarmup = 10, DefaultIterations = 30, DefaultInput = 32;

    public static Command Create()
    {
        Option<int?> batch = OptionOf.Integer("--batch-size", $"Prompts of the batch (default: {DefaultBatch}).");
        Option<int?> warmup = OptionOf.Integer("--num-iters-warmup", $"Batches before the first that counts (default: {DefaultWarmup}).", least: 0);
        Option<int?> iterations = OptionOf.Integer("--num-iters", $"Batches that count (default: {DefaultIterations}).");
        var command = new Command("latency", "Measures how long one batch of requests takes, without a server.") { batch, warmup, iterations };
        var engineArguments = new EngineArguments(command, positional: true);
        var requests = new OfflineArguments(command, DefaultInput);
        command.SetAction(async (parsed, _) =>
        {
            EngineOptions options = OfflineArguments.Options(engineArguments.Options(parsed)) with { EnablePrefixCaching = false }; // every batch has the same prompts
            await using LoadedModel loaded = LoadedModel.Load(engineArguments, parsed, options, quiet: false);
            var engine = new OfflineEngine(loaded.Engine, requests.Seed(parsed));
            int[][] prompts = engine.Prompts(parsed.GetValue(batch) ?? DefaultBatch, requests.InputLength(parsed), prefix: 0);
            SamplingParams sampling = requests.Sampling(parsed);
            for (int i = parsed.GetValue(warmup) ?? DefaultWarmup; i > 0; i--) await engine.RunAsync(prompts, sampling);
            var runs = new OfflineRun[parsed.GetValue(iterations) ?? DefaultIterations];
            for (int i = 0; i < runs.Length; i++) runs[i] = await engine.RunAsync(prompts, sampling);

            var report = new LatencyReport(runs, ModelWork.Of(engineArguments.Place(parsed), loaded.Engine.Plan));
            Console.Out.WriteLine(report);
            if (requests.OutputFile(parsed) is { } file) report.Save(file);
            loaded.Done();
            return 0;
        });
        return command;
    }
}
