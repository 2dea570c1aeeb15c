using System.CommandLine;
using Folio.Bench;
using Folio.Engine;

namespace Folio.Commands;

/// <summary>folio bench throughput [MODEL]: how many tokens a second when all requests are there at once.</summary>
internal static class BenchThroughputCommand
{
    private const int DefaultRequests = 1000, DefaultInput = 128, WarmupPrompts = 8, WarmupTokens = 8;

    public static Command Create()
    {
        Option<int?> count = OptionOf.Integer("--num-prompts", $"Requests (default: {DefaultRequests}).");
        Option<int?> prefix = OptionOf.Integer("--prefix-len", "Tokens that all prompts begin with, before those of --input-len (default: 0).", least: 0);
        var uncached = new Option<bool>("--no-enable-prefix-caching") { Description = "Prompts that begin alike are computed each for itself." };
        var command = new Command("throughput", "Measures tokens a second with many requests at once, without a server.") { count, prefix, uncached };
        var engineArguments = new EngineArguments(command, positional: true);
        var requests = new OfflineArguments(command, DefaultInput);
        command.SetAction(async (parsed, _) =>
        {
            EngineOptions options = OfflineArguments.Options(engineArguments.Options(parsed)) with { EnablePrefixCaching = !parsed.GetValue(uncached) };
            await using LoadedModel loaded = LoadedModel.Load(engineArguments, parsed, options, quiet: false);
            var engine = new OfflineEngine(loaded.Engine, requests.Seed(parsed));
            int[][] prompts = engine.Prompts(parsed.GetValue(count) ?? DefaultRequests, requests.InputLength(parsed), parsed.GetValue(prefix) ?? 0);
            SamplingParams sampling = requests.Sampling(parsed);
            await engine.RunAsync(prompts[..Math.Min(WarmupPrompts, prompts.Length)], sampling with { MaxTokens = Math.Min(WarmupTokens, sampling.MaxTokens!.Value) });
            OfflineRun prefill = await engine.RunAsync(prompts, sampling with { MaxTokens = 1 });
            OfflineRun whole = await engine.RunAsync(prompts, sampling);

            var report = new ThroughputReport(prompts.Length, prefill, whole, ModelWork.Of(engineArguments.Place(parsed), loaded.Engine.Plan), loaded.Threads is { } threads ? ReadBandwidth.Measure(threads) : null);
            Console.Out.WriteLine(report);
            if (requests.OutputFile(parsed) is { } file) report.Save(file);
            loaded.Done();
            return 0;
        });
        return command;
    }
}
