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
        await using Hosted app = await Hosted.StartAsync(
            builder =>
            {
                builder.Logging.AddProvider(lines).SetMinimumLevel(LogLevel.Trace);
                builder.Services.AddFolio(demo.Engine, new() { TenantKeys = [TenantKey.Of("someone", Key)] });
            },
            app => app.MapFolio());
        HttpClient http = app.Http;
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
        await app.App.StopAsync();
        Assert.Contains(lines.Written, line => line.Contains(" answered: "));
        Assert.Contains(lines.Written, line => line.Contains("/v1/completions failed"));
        Assert.DoesNotContain(lines.Written, line => line.Contains(Secret) || line.Contains(Key));
    }
}
