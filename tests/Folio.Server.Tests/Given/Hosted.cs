using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Folio.Server.Tests;

/// <summary>An application of somebody's own, with Folio in it, on a free port.</summary>
internal sealed class Hosted : IAsyncDisposable
{
    private Hosted(WebApplication app, Uri address)
    {
        App = app;
        Http = new(new SocketsHttpHandler { MaxResponseDrainSize = 0 }) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) }; // who leaves a stream leaves at once
    }

    public WebApplication App { get; }

    public HttpClient Http { get; }

    /// <param name="add">Adds services, Folio's among them.</param>
    /// <param name="map">Maps routes, Folio's among them.</param>
    public static async Task<Hosted> StartAsync(Action<WebApplicationBuilder> add, Action<WebApplication> map)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        add(builder);
        WebApplication app = builder.Build();
        try
        {
            map(app);
            await app.StartAsync();
            return new(app, new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()));
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    public async Task<Reply> GetAsync(string path, string? user = null) => await SendAsync(new(HttpMethod.Get, path), user);

    public async Task<Reply> PostAsync(string path, string body, string? user = null, string? origin = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, null, "application/json") };
        if (origin is not null) request.Headers.Add("Origin", origin);
        return await SendAsync(request, user);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
    }

    private async Task<Reply> SendAsync(HttpRequestMessage request, string? user)
    {
        if (user is not null) request.Headers.Add(HeaderUser.Header, user);
        HttpResponseMessage response = await Http.SendAsync(request);
        return new(response, await response.Content.ReadAsStringAsync());
    }
}

/// <summary>An application's own way of knowing its users: the header X-User names one.</summary>
internal sealed class HeaderUser(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder) : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string Header = "X-User", Name = "header";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        string user = Request.Headers[Header].ToString();
        if (user.Length == 0) return Task.FromResult(AuthenticateResult.NoResult());
        var identity = new ClaimsIdentity([new(ClaimTypes.Name, user)], Name);
        return Task.FromResult(AuthenticateResult.Success(new(new(identity), Name)));
    }
}
