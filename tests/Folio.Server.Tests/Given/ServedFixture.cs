namespace Folio.Server.Tests;

/// <summary>One server for the tests of a class.</summary>
public sealed class ServedFixture(DemoEngine demo) : IAsyncLifetime
{
    public Server Server { get; private set; } = null!;

    public Folio.Engine.LlmEngine Engine => demo.Engine;

    public async ValueTask InitializeAsync() => Server = await Server.StartAsync(demo.Engine);

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
