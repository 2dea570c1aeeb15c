using System.CommandLine;
using Folio.Engine;
using Folio.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Folio.Commands;

/// <summary>folio serve [MODEL]: the OpenAI-compatible server.</summary>
internal static partial class ServeCommand
{
    public static Command Create()
    {
        var command = new Command("serve", "Serves a model to OpenAI clients over HTTP.");
        var server = new ServeArguments(command);
        var engineArguments = new EngineArguments(command, positional: true);
        var scheduling = new SchedulingArguments(command);
        var prefixCache = new PrefixCacheArguments(command);
        var pins = new PinArguments(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            ServerOptions options = server.Options(parsed);
            PortProbe.Check(FolioServer.Check(options), options.Port); // before a model is fetched and loaded for nothing
            EngineOptions engineOptions = server.Apply(parsed, scheduling.Apply(parsed, prefixCache.Apply(parsed, engineArguments.Options(parsed))));
            PinArguments.Texts texts = pins.Read(parsed);
            using OtlpExport? export = OtlpExport.Start(server.OtlpEndpoint(parsed)); // outlives the engine, which has something to tell to its end
            await using LoadedModel loaded = LoadedModel.Load(engineArguments, parsed, engineOptions, quiet: false);
            await PinArguments.PinAsync(texts, loaded.Engine, options, cancellation);
            await ServeAsync(loaded.Engine, options, cancellation);
            loaded.Done();
            return 0;
        });
        return command;
    }

    /// <summary>Serves until a signal ends it.</summary>
    /// <exception cref="FolioException">The port can't be had, or the engine has failed: whoever supervises the process starts a new one.</exception>
    internal static async Task ServeAsync(LlmEngine engine, ServerOptions options, CancellationToken cancellation)
    {
        await using WebApplication app = FolioServer.Build(engine, options);
        await FolioServer.StartAsync(app, options, cancellation);
        Console.Error.WriteLine($"{string.Join(", ", Names(engine, options))} is served at {string.Join(", ", app.Urls)}/v1");
        Console.Error.WriteLine($"a page to try it and to see what happens: {Here(app.Urls.First())}/");
        Task shutdown = app.WaitForShutdownAsync(CancellationToken.None);
        await Task.WhenAny(shutdown, engine.Ended);
        if (engine.Failure is { } failure)
        {
            LogFailure(app.Logger, failure);
            await app.StopAsync(CancellationToken.None);
            throw new FolioException($"the engine has failed: {failure.Message}", failure);
        }

        await shutdown;
    }

    /// <summary>What clients may call the model.</summary>
    private static IReadOnlyList<string> Names(LlmEngine engine, ServerOptions options) => options.ServedModelNames.Count > 0 ? options.ServedModelNames : [engine.Model.Name];

    /// <summary>All addresses of a machine are none that a browser could open.</summary>
    private static string Here(string url) => url.Replace("//0.0.0.0:", "//localhost:", StringComparison.Ordinal).Replace("//[::]:", "//localhost:", StringComparison.Ordinal);

    [LoggerMessage(EventId = 1, EventName = "EngineFailed", Level = LogLevel.Critical, Message = "the engine has failed")]
    private static partial void LogFailure(ILogger logger, Exception error);
}
