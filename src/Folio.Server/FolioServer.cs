using System.Net;
using Folio.Engine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Folio.Server;

/// <summary>The OpenAI-compatible HTTP server on its own: an application that does nothing but <see cref="FolioServices.MapFolio"/>.</summary>
public static class FolioServer
{
    /// <summary>After the grace, what is left of a request has so long to say that it was cut off.</summary>
    internal static readonly TimeSpan LastWords = TimeSpan.FromSeconds(5);

    /// <summary>What scripts of allowed origins may read beside an answer's body.</summary>
    private static readonly string[] ReadableHeaders =
    [
        RequestIds.Header, "Retry-After", "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests", "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens",
    ];

    /// <summary>An application that serves the engine's model, ready to be started by <see cref="StartAsync"/>. The engine stays the caller's to dispose.</summary>
    /// <exception cref="FolioException">The host is no address of a machine, or others reach it and no key is asked for.</exception>
    public static WebApplication Build(LlmEngine engine, ServerOptions? options = null)
    {
        options ??= new();
        IPAddress address = Check(options);

        // The empty builder reads no environment and no file of the working folder: nothing but the options opens a port.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None); // what stops it from starting is thrown too, and told as a sentence
        builder.Logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel.Connections", LogLevel.Error); // a line for each connection beyond the limit would let clients fill the log
        if (options.LogRequests) builder.Logging.AddFilter(RequestLog.Category, LogLevel.Information);
        if (options.LogLifecycle) builder.Logging.AddFilter(LifecycleLog.Category, LogLevel.Debug);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxRequestBodyBytes;
            kestrel.Limits.RequestHeadersTimeout = options.HeaderTimeout;
            kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
            kestrel.Listen(address, options.Port);
        });
        builder.Services.AddRoutingCore();
        if (options.AllowedOrigins.Count > 0) builder.Services.AddCors();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownGrace + LastWords);
        builder.Services.AddFolio(engine, options);

        WebApplication app = builder.Build();
        FolioRoutes routes = app.Services.GetRequiredService<FolioRoutes>();
        if (HostNames.For(options, address) is { } names) app.Use(routes.Under(names));
        app.UseRouting();
        if (options.AllowedOrigins.Count > 0) app.UseCors(cors => cors.WithOrigins([.. options.AllowedOrigins]).AllowAnyMethod().AllowAnyHeader().WithExposedHeaders(ReadableHeaders));
        app.MapFolio();
        routes.MapPage(app);
        routes.MapRest(app);
        return app;
    }

    /// <summary>The address to listen on, if it may be listened on.</summary>
    /// <exception cref="FolioException">The host is no address of a machine, or others reach it and no key is asked for.</exception>
    public static IPAddress Check(ServerOptions options)
    {
        IPAddress address = Address(options.Host);
        if (IPAddress.IsLoopback(address) || options.Insecure || options.AsksForKey) return address;
        throw new FolioException($"host {options.Host} can be reached from other machines, and no API key is asked for: give one (--api-key, --api-key-file or FOLIO_API_KEY), or let everybody in with --insecure.");
    }

    /// <summary>Begins to listen.</summary>
    /// <exception cref="FolioException">The port can't be had.</exception>
    public static async Task StartAsync(WebApplication app, ServerOptions options, CancellationToken cancellation = default)
    {
        try
        {
            await app.StartAsync(cancellation);
        }
        catch (IOException error) when (error.InnerException is AddressInUseException)
        {
            throw PortInUse(options.Port, error);
        }
        catch (Exception error) when (error is IOException or System.Net.Sockets.SocketException)
        {
            throw new FolioException($"cannot listen on {options.Host}, port {options.Port}: {(error.InnerException ?? error).Message}", error);
        }
    }

    internal static FolioException PortInUse(int port, Exception error) => new($"port {port} is in use by another process; choose one with --port.", error);

    private static IPAddress Address(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback
        : IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) ? address
        : throw new FolioException($"host '{host}' is not an IP address of this machine nor 'localhost'; 0.0.0.0 listens on all.");
}
