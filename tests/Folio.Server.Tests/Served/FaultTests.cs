using Folio.Compute.Cpu;
using Folio.Engine;

namespace Folio.Server.Tests;

/// <summary>What clients see of an engine that has failed, and of a model that isn't whole.</summary>
public sealed class FaultTests
{
    [Fact]
    public async Task Once_the_engine_has_failed_health_says_so_and_requests_are_refused()
    {
        await using var demo = new DemoEngine();
        await using Server server = await Server.StartAsync(demo.Engine);
        (await server.GetAsync("/health")).Ok();
        Defect.CauseIn(demo.Engine);
        await demo.Engine.Ended.WaitAsync(TimeSpan.FromSeconds(20));
        foreach (string path in new[] { "/health", "/ping" }) (await server.GetAsync(path)).Refused(503, saying: "must be restarted");
        (await server.CompleteAsync(new { prompt = "Once", max_tokens = 1 })).Refused(500);
    }

    [Fact]
    public async Task A_chat_template_that_cannot_be_parsed_costs_the_chat_and_nothing_else()
    {
        using var backend = new CpuBackend(threads: 1);
        await using LlmEngine engine = LlmEngine.Load(TestData.DemoModelWithBrokenTemplate(), backend, new() { NumBlocks = 64 });
        await using Server server = await Server.StartAsync(engine);
        (await server.ChatAsync(new { messages = new[] { new { role = "user", content = "Hello" } } })).Refused(400, "messages", "no chat template that can be used (");
        (await server.CompleteAsync(new { prompt = "Once", max_tokens = 1 })).Ok();
    }
}
