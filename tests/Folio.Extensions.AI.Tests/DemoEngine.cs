using Folio.Compute.Cpu;
using Folio.Engine;
using Folio.Requests;

[assembly: AssemblyFixture(typeof(Folio.Extensions.AI.Tests.DemoEngine))]

namespace Folio.Extensions.AI.Tests;

/// <summary>The demo model in one engine for all tests, and a client of it.</summary>
public sealed class DemoEngine : IAsyncDisposable
{
    private readonly CpuBackend _backend = new(threads: 2);

    public DemoEngine()
    {
        Engine = LlmEngine.Load(TestData.DemoModel, _backend, new() { MaxNumSeqs = 64, KvCacheMemory = 128 << 20 });
        Client = new(Engine);
    }

    public LlmEngine Engine { get; }

    public FolioChatClient Client { get; }

    /// <summary>A client that takes the model for one that reasons: its prompts have opened the reasoning.</summary>
    public FolioChatClient Reasoning() => new(Engine, new ServedModelOptions { ChatTemplate = "{% for message in messages %}{{ message.content }}{% endfor %}<think>" });

    /// <summary>Waits until nothing runs.</summary>
    public async Task IdleAsync()
    {
        for (int i = 0; i < 6000 && Engine.InFlight > 0; i++) await Task.Delay(10); // a minute: a slow machine is no failure
        Assert.Equal(0, Engine.InFlight);
    }

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        _backend.Dispose();
    }
}
