using Folio.Compute.Cpu;
using Folio.Engine;
using Folio.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Folio.Page.Tests;

/// <summary>The demo model on a free port.</summary>
internal sealed class PageServer : IAsyncDisposable
{
    private readonly CpuBackend _backend = new(threads: 1);
    private readonly WebApplication _app;

    private PageServer(ServerOptions options, string model)
    {
        Engine = LlmEngine.Load(model, _backend, new() { NumBlocks = 256 });
        _app = FolioServer.Build(Engine, options);
    }

    public LlmEngine Engine { get; }

    public Uri Address { get; private set; } = null!;

    public static async Task<PageServer> StartAsync(string? key = null, string? model = null)
    {
        ServerOptions options = new() { Port = 0, ApiKeys = key is null ? [] : [key], ServedModelNames = ["demo"] };
        var server = new PageServer(options, model ?? TestData.DemoModel);
        await FolioServer.StartAsync(server._app, options);
        server.Address = new(server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await Engine.DisposeAsync();
        _backend.Dispose();
    }
}
