using Folio.Engine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Folio.Server;

/// <summary>Folio as a part of an application: its engine a service, its routes a group.</summary>
public static class FolioServices
{
    /// <summary>Hosts a model: it is loaded before the application listens, or in the background, drained when it stops, and given back at its end. <see cref="FolioEngine"/> is the service.</summary>
    /// <exception cref="FolioException">No model is named, or Folio was added before.</exception>
    public static IServiceCollection AddFolio(this IServiceCollection services, Action<FolioOptions> configure)
    {
        var options = new FolioOptions();
        configure(options);
        return services.AddFolio(options);
    }

    /// <summary>The same, with what a section of the configuration says: <c>"Folio": { "Model": "owner/name:Q4_K_M", "MaxModelLen": 4096 }</c>.</summary>
    /// <param name="configuration">Its keys are those that docs/in-process.md lists.</param>
    /// <param name="configure">What the section leaves open.</param>
    /// <exception cref="FolioException">No model is named, a key is unknown, its value not such or the key another device's, or Folio was added before.</exception>
    public static IServiceCollection AddFolio(this IServiceCollection services, IConfigurationSection configuration, Action<FolioOptions>? configure = null)
    {
        var options = new FolioOptions();
        FolioConfiguration.Apply(configuration, options);
        configure?.Invoke(options);
        FolioConfiguration.CheckDevice(configuration, options);
        return services.AddFolio(options);
    }

    /// <summary>Serves an engine that is loaded already. It stays the caller's to dispose of, after the application.</summary>
    /// <exception cref="FolioException">Folio was added before.</exception>
    public static IServiceCollection AddFolio(this IServiceCollection services, LlmEngine engine, ApiOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(engine);
        return services.AddParts(options ?? new()).AddSingleton(new FolioEngine(engine));
    }

    /// <summary>Adds Folio's routes: all but the page at <c>/</c>. What the group is given (a prefix before, authorization, CORS, rate limits) holds for them alone.</summary>
    /// <exception cref="FolioException">AddFolio is missing.</exception>
    public static RouteGroupBuilder MapFolio(this IEndpointRouteBuilder endpoints) =>
        (endpoints.ServiceProvider.GetService<FolioRoutes>() ?? throw new FolioException("MapFolio maps what AddFolio adds; call builder.Services.AddFolio(…) first.")).Map(endpoints);

    private static IServiceCollection AddFolio(this IServiceCollection services, FolioOptions options)
    {
        if (options.Model.Length == 0) throw new FolioException("Folio's Model isn't set; a folder, a .gguf file or a model of the hub, owner/name, was expected.");
        return services.AddParts(options.Api)
            .AddSingleton(_ => new FolioEngine()) // made by the container, so ended by it
            .AddHostedService(provider => new ModelLoader(
                provider.GetRequiredService<FolioEngine>(), options, provider.GetRequiredService<FolioRoutes>(), provider.GetRequiredService<ILoggerFactory>().CreateLogger("Folio.Server")));
    }

    private static IServiceCollection AddParts(this IServiceCollection services, ApiOptions options)
    {
        if (services.Any(service => service.ServiceType == typeof(FolioEngine))) throw new FolioException("AddFolio was called before; an application hosts one model.");
        return services.AddSingleton<Drain>()
            .AddHostedService(provider => new DrainService(provider.GetRequiredService<Drain>(), options.ShutdownGrace, provider.GetRequiredService<ILoggerFactory>().CreateLogger("Folio.Server")))
            .AddSingleton(provider => new FolioRoutes(provider.GetRequiredService<FolioEngine>(), options, provider.GetRequiredService<Drain>(), provider.GetRequiredService<ILoggerFactory>()));
    }
}
