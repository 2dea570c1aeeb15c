using System.CommandLine;
using Folio.Chat;
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
        var host = new Option<string>("--host") { Description = "Address to listen on.", DefaultValueFactory = _ => "127.0.0.1" };
        Option<int?> port = OptionOf.Integer("--port", "Port to listen on; 0 picks a free one (default: 8000).", least: 0, most: ushort.MaxValue);
        var apiKey = new Option<string[]>("--api-key") { Description = "A key that clients must send as 'Authorization: Bearer …'; may be given several times (default: FOLIO_API_KEY of the environment, where no --api-key is given)." };
        var servedModelName = new Option<string[]>("--served-model-name") { Description = "A name of the model for clients, instead of the file's or folder's; may be given several times." };
        var share = new Option<bool>("--share-prefix-cache") { Description = "Clients with different API keys share cached prompts." };
        var logRequests = new Option<bool>("--enable-log-requests") { Description = "Writes a line for each request that has ended." };
        Option<string?> toolCallParser = OptionOf.Word("--tool-call-parser", "How the model writes tool calls (default: as its chat template does)", [.. ToolFormat.ByName.Keys, "none"]);
        Option<string?> reasoningParser = OptionOf.Word("--reasoning-parser", "How the model marks its reasoning (default: as its chat template does)", [.. ReasoningFormat.ByName.Keys, "none"]);
        var command = new Command("serve", "Serves a model to OpenAI clients over HTTP.") { host, port, apiKey, servedModelName, share, logRequests, toolCallParser, reasoningParser };
        var engineArguments = new EngineArguments(command, positional: true);
        var scheduling = new SchedulingArguments(command);
        var prefixCache = new PrefixCacheArguments(command);
        var pins = new PinArguments(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            EngineOptions engineOptions = scheduling.Apply(parsed, prefixCache.Apply(parsed, engineArguments.Options(parsed)));
            await using LoadedModel loaded = LoadedModel.Load(engineArguments, parsed, engineOptions, quiet: false);
            string[] keys = parsed.GetValue(apiKey) is { Length: > 0 } given ? given
                : Environment.GetEnvironmentVariable("FOLIO_API_KEY") is { Length: > 0 } key ? [key] : [];
            var options = new ServerOptions
            {
                Host = parsed.GetValue(host)!,
                Port = parsed.GetValue(port) ?? new ServerOptions().Port,
                ApiKeys = keys,
                SharePrefixCache = parsed.GetValue(share),
                LogRequests = parsed.GetValue(logRequests),
                ToolCallParser = parsed.GetValue(toolCallParser),
                ReasoningParser = parsed.GetValue(reasoningParser),
                ServedModelNames = parsed.GetValue(servedModelName) ?? [],
            };
            await pins.PinAsync(parsed, loaded.Engine, cancellation);
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
        Console.Error.WriteLine($"{engine.Model.Name} is served at {string.Join(", ", app.Urls)}/v1");
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

    [LoggerMessage(Level = LogLevel.Critical, Message = "the engine has failed")]
    private static partial void LogFailure(ILogger logger, Exception error);
}
