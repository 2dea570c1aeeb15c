using System.CommandLine;
using Folio.Engine;
using Folio.Simulation;

namespace Folio.Commands;

/// <summary>folio simulate: how many requests a second a device would serve within a service level, and how many devices a load takes. Nothing is loaded or computed.</summary>
internal static class SimulateCommand
{
    private const int DefaultRequests = 5000;
    private const float MostLoad = 1_000_000;

    public static Command Create()
    {
        var device = new Option<string>("--device") { Description = $"What it would run on: {string.Join(", ", Device.All.Select(known => known.Name))}.", Required = true };
        Option<int?> devices = OptionOf.Integer("--devices", "Devices that share the model (tensor parallelism; default: 1).");
        var model = new Option<string>("--model", "-m")
        {
            Description = $"{string.Join(", ", ModelShape.All.Select(known => known.Name))}; or a .gguf file, a config.json or a folder with one.",
            Required = true,
        };
        var trace = new Option<string>("--trace") { Description = "The requests: azure-conv, azure-code, sharegpt, alpaca; or a file in the form of Azure's (.csv) or Mooncake's (.jsonl) traces, or either packed (.gz).", Required = true };
        var level = new Option<string>("--slo") { Description = "What is promised for first tokens and for gaps between tokens, and for which share of them (default: ttft=1s,itl=50ms,share=95%)." };
        Option<float?> load = OptionOf.Number("--load", "Requests a second to be served (default: the trace's own rate).");
        Option<int?> requests = OptionOf.Integer("--requests", $"Requests of the trace that are simulated, from its beginning (default: {DefaultRequests}); what is over too soon is repeated.", least: 2);
        Option<long?> seed = OptionOf.Seed("--seed", "For the traces that are drawn: sharegpt and alpaca (default: 0).");
        Option<int?> sequences = OptionOf.Integer("--max-num-seqs", "Most sequences in one step (default: 256).");
        Option<int?> tokens = OptionOf.Integer("--max-num-batched-tokens", "Token budget of one step (default: 512).");
        var command = new Command("simulate", "Plans capacity: what a device would serve, by simulating the engine's scheduler and cache over a model of its speed.")
        {
            device, devices, model, trace, level, load, requests, seed, sequences, tokens,
        };
        command.SetAction(parsed =>
        {
            float? toServe = parsed.GetValue(load);
            if (toServe is { } asked && !(asked > 0 && asked <= MostLoad)) throw new FolioException($"--load is {asked}; requests a second were expected, more than 0 and at most {MostLoad:0}.");
            var defaults = new EngineOptions();
            Workload all = Read(parsed.GetValue(trace)!, unchecked((ulong)(parsed.GetValue(seed) ?? 0)));
            var request = new PlanRequest(
                Deployment.Of(ModelFile.Shape(parsed.GetValue(model)!), Device.Named(parsed.GetValue(device)!), parsed.GetValue(devices) ?? 1),
                all.First(parsed.GetValue(requests) ?? DefaultRequests),
                ServiceLevel.Parse(parsed.GetValue(level) ?? "ttft=1s,itl=50ms"),
                defaults with { MaxNumSeqs = parsed.GetValue(sequences) ?? defaults.MaxNumSeqs, MaxNumBatchedTokens = parsed.GetValue(tokens) ?? defaults.MaxNumBatchedTokens });
            Console.Out.WriteLine(CapacityReport.Write(request, Planner.Plan(request), toServe ?? all.Rate, isOwn: toServe is null));
            return 0;
        });
        return command;
    }

    /// <summary>Requests of a drawn trace: an hour at one a second; the plan changes the rate.</summary>
    private static Workload Read(string trace, ulong seed) => trace.ToLowerInvariant() switch
    {
        "sharegpt" => PaperWorkloads.ShareGpt(rate: 1, seconds: 3600, seed),
        "alpaca" => PaperWorkloads.Alpaca(rate: 1, seconds: 3600, seed),
        _ when File.Exists(trace) || Directory.Exists(trace) || TraceFile.Known.ContainsKey(trace) => TraceFile.Read(trace),
        _ => throw new FolioException($"'{trace}' is neither a file nor a trace that is known by name ({string.Join(", ", TraceFile.Known.Keys)}, sharegpt, alpaca)."),
    };
}
