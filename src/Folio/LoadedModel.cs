using System.CommandLine;
using System.Diagnostics;
using Folio.Commands;
using Folio.Compute.Cpu;
using Folio.Engine;
using Folio.Models;

namespace Folio;

/// <summary>An engine and the backend under it, loaded as the command line asks.</summary>
internal sealed class LoadedModel : IAsyncDisposable
{
    private readonly CpuBackend _backend;

    private LoadedModel(CpuBackend backend, LlmEngine engine)
    {
        _backend = backend;
        Engine = engine;
    }

    public LlmEngine Engine { get; }

    /// <param name="options">What the engine is told.</param>
    /// <param name="quiet">Neither progress nor the memory plan is shown.</param>
    public static LoadedModel Load(EngineArguments arguments, ParseResult parsed, EngineOptions options, bool quiet)
    {
        var clock = Stopwatch.StartNew();
        var backend = new CpuBackend(arguments.Threads(parsed));
        try
        {
            using ModelSource source = Open(arguments.Model(parsed));
            LlmEngine engine = LoadDisplay.Run(quiet, source.Path, progress => LlmEngine.Load(source, backend, options, progress));
            if (!quiet) Console.Error.WriteLine($"{PlanText.Describe(engine.Plan)}\n{backend.Description}; ready in {clock.Elapsed.TotalSeconds:0.00} s");
            return new(backend, engine);
        }
        catch
        {
            backend.Dispose();
            throw;
        }
    }

    /// <param name="path">Null: the embedded demo model.</param>
    public static ModelSource Open(string? path) => path is null ? DemoModel.Open() : ModelSource.Open(path);

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        _backend.Dispose();
    }
}
