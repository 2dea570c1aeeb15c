using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Folio.Server.Tests;

/// <summary>What people ask and the keys they ask with appear in no log, however much is logged and whatever goes wrong.</summary>
public sealed class SecrecyTests
{
    private const string Secret = "xylophone", Key = "sk-clarinet";

    [Fact]
    public async Task Neither_prompts_nor_keys_are_logged()
    {
        await using var demo = new DemoEngine(new() { NumBlocks = 64 });
        using var lines = new Lines();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(lines).SetMinimumLevel(LogLevel.Trace);
        builder.Services.AddFolio(demo.Engine, new() { TenantKeys = [TenantKey.Of("someone", Key)] });
        await using WebApplication app = builder.Build();
        app.MapFolio();
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };
        string[] bodies =
        [
            $$"""{"prompt":"{{Secret}}","max_tokens":2}""", $$"""{"prompt":"{{Secret}}","max_tokens":2,"stream":true}""", $$"""{"prompt":"{{Secret}}","max_tokens":-1}""", $$"""{"prompt":["{{Secret}}"],"stop":["{{Secret}}",5]}""",
            $$"""{"{{Secret}}":1}""", $$"""{"prompt":"{{Secret}}" """, $$"""{"model":"{{Secret}}","prompt":"x"}""",
        ];
        foreach (string key in new[] { Key, "wrong" + Secret })
        {
            http.DefaultRequestHeaders.Authorization = new("Bearer", key);
            foreach (string body in bodies) await http.PostAsync("/v1/completions", new StringContent(body, null, "application/json"));
            await http.PostAsync("/v1/chat/completions", new StringContent($$"""{"messages":[{"role":"user","content":"{{Secret}}"}],"max_tokens":2}""", null, "application/json"));
        }

        http.DefaultRequestHeaders.Authorization = new("Bearer", Key);
        Defect.CauseIn(demo.Engine);
        await demo.Engine.Ended.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(500, (int)(await http.PostAsync("/v1/completions", new StringContent(bodies[0], null, "application/json"))).StatusCode);
        await app.StopAsync();
        Assert.Contains(lines.Written, line => line.Contains(" answered: "));
        Assert.Contains(lines.Written, line => line.Contains("/v1/completions failed"));
        Assert.DoesNotContain(lines.Written, line => line.Contains(Secret) || line.Contains(Key));
    }
}
