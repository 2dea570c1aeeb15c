using System.CommandLine;
using Folio.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;

namespace Folio.Commands;

/// <summary>folio serve [MODEL]: the OpenAI-compatible server.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var host = new Option<string>("--host") { Description = "Address to listen on.", DefaultValueFactory = _ => "127.0.0.1" };
        var port = new Option<int>("--port") { Description = "Port to listen on; 0 picks a free one.", DefaultValueFactory = _ => 8000 };
        var apiKey = new Option<string[]>("--api-key") { Description = "A key that clients must send as 'Authorization: Bearer …'; may be given several times. Also FOLIO_API_KEY." };
        var servedModelName = new Option<string[]>("--served-model-name") { Description = "A name of the model for clients, instead of the file's or folder's; may be given several times." };
        var command = new Command("serve", "Serves a model to OpenAI clients over HTTP.") { host, port, apiKey, servedModelName };
        var engineArguments = new EngineArguments(command, positional: true);
        command.SetAction(async (parsed, cancellation) =>
        {
            await using LoadedModel loaded = LoadedModel.Load(engineArguments, parsed, quiet: false);
            string[] keys = parsed.GetValue(apiKey) is { Length: > 0 } given ? given
                : Environment.GetEnvironmentVariable("FOLIO_API_KEY") is { Length: > 0 } key ? [key] : [];
            var options = new ServerOptions
            {
                Host = parsed.GetValue(host)!,
                Port = parsed.GetValue(port),
                ApiKeys = keys,
                ServedModelNames = parsed.GetValue(servedModelName) ?? [],
            };
            await using WebApplication app = FolioServer.Build(loaded.Engine, options);
            await FolioServer.StartAsync(app, options, cancellation);
            Console.Error.WriteLine($"{loaded.Engine.Model.Name} is served at {string.Join(", ", app.Urls)}/v1");
            await app.WaitForShutdownAsync(CancellationToken.None);
            return 0;
        });
        return command;
    }
}
