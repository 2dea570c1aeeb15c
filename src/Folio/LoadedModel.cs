using System.CommandLine;
using System.Diagnostics;
using Folio.Commands;
using Folio.Compute;
using Folio.Compute.Cpu;
using Folio.Engine;
using Folio.Formats.Hub;
using Folio.Models;

namespace Folio;

/// <summary>An engine and the backend under it, loaded as the command line asks.</summary>
internal sealed class LoadedModel : IAsyncDisposable
{
    /// <summary>So long are packed weights waited for that are still being written.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Backend _backend;
    private readonly bool _quiet;
    private bool _isDone;

    private LoadedModel(Backend backend, LlmEngine engine, bool quiet)
    {
        (_backend, _quiet) = (backend, quiet);
        Engine = engine;
        if (engine.KeptPrefixTokens > 0) Tell($"{engine.KeptPrefixTokens} tokens of prefixes were found in {engine.Options.PrefixCacheDirectory}");
    }

    public LlmEngine Engine { get; }

    /// <summary>Threads that compute; null: it isn't the processor that does.</summary>
    public int? Threads => (_backend as CpuBackend)?.Threads;

    /// <param name="options">What the engine is told.</param>
    /// <param name="quiet">Neither progress nor the memory plan is shown, nor what is kept for the next run.</param>
    public static LoadedModel Load(EngineArguments arguments, ParseResult parsed, EngineOptions options, bool quiet)
    {
        var clock = Stopwatch.StartNew();
        Backend backend = arguments.NewBackend(parsed);
        try
        {
            using ModelSource source = Open(arguments.Place(parsed, quiet));
            LlmEngine engine = LoadDisplay.Run(quiet, source.Name ?? source.Path, progress => LlmEngine.Load(source, backend, options, progress));
            if (!quiet) Console.Error.WriteLine($"{(engine.Model.IsEncoder ? PlanText.DescribeEncoder(engine.Plan.WeightBytes, engine.Model) : PlanText.Describe(engine.Plan))}\n{backend.Description}; ready in {clock.Elapsed.TotalSeconds:0.00} s");
            return new(backend, engine, quiet);
        }
        catch
        {
            backend.Dispose();
            throw;
        }
    }

    /// <param name="place">Null: the embedded demo model.</param>
    public static ModelSource Open(ModelPlace? place) => place is null ? DemoModel.Open() : ModelSource.Open(place.Path, place.Name);

    /// <summary>The command has done what it was asked: packed weights that are still being written are waited for a while. After an error nobody waits.</summary>
    public void Done() => _isDone = true;

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        if (Engine.KeptPrefixTokens > 0) Tell($"{Engine.KeptPrefixTokens} tokens of prefixes are kept in {Engine.Options.PrefixCacheDirectory}");
        if (_isDone) (_backend as CpuBackend)?.AwaitKept(Patience);
        _backend.Dispose();
    }

    private void Tell(string what)
    {
        if (!_quiet) Console.Error.WriteLine(what);
    }
}
