using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Folio.Server.Tests;

/// <summary>The routes inside an application of someone else's.</summary>
public sealed class EmbeddedTests(DemoEngine demo)
{
    [Fact]
    public async Task The_routes_live_beside_an_applications_own()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using WebApplication app = builder.Build();
        app.MapGet("/mine", () => "mine");
        app.MapGroup("/llm").MapFolio(demo.Engine, new() { MaxRequestBodyBytes = 1000 });
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };

        Assert.Equal("mine", await http.GetStringAsync("/mine"));
        Assert.Contains("folio-demo", await http.GetStringAsync("/llm/v1/models"));
        Assert.Equal(404, (int)(await http.GetAsync("/v1/models")).StatusCode);
        Assert.Equal(200, (int)(await http.PostAsync("/llm/v1/completions", new StringContent("""{"prompt":"Once","max_tokens":1}""", null, "application/json"))).StatusCode);
        Assert.Equal(413, (int)(await http.PostAsync("/llm/v1/completions", new StringContent($$"""{"prompt":"{{new string('x', 2000)}}"}""", null, "application/json"))).StatusCode);
        await app.StopAsync();
    }
}
