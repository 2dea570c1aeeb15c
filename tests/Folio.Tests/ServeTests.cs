using Folio.Commands;
using Folio.Compute.Cpu;
using Folio.Engine;
using Folio.Server;

namespace Folio.Tests;

public class ServeTests
{
    [Fact]
    public async Task Serving_ends_with_a_sentence_when_the_engine_has_failed()
    {
        using var backend = new CpuBackend(threads: 1);
        await using LlmEngine engine = LlmEngine.Load(TestData.DemoModel, backend, new() { NumBlocks = 64 });
        Task serving = ServeCommand.ServeAsync(engine, new ServerOptions { Port = 0 }, CancellationToken.None);
        Assert.False(serving.IsCompleted);
        Defect.CauseIn(engine);
        FolioException error = await Assert.ThrowsAsync<FolioException>(() => serving.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.StartsWith("the engine has failed: ", error.Message);
    }
}
