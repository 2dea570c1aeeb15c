namespace Folio.Tests;

/// <summary>A benchmark that others wrote, npm's autocannon, against the running command (B30).</summary>
public class BenchmarkClientTests
{
    [Fact]
    public async Task It_meets_no_failure_with_16_connections_whole_and_streamed()
    {
        string folder = await NpmFolder.InstalledAsync("benchmark-client");
        await using ServingFolio folio = await ServingFolio.StartAsync();
        Command.Result result = await Command.RunAsync("node", ["benchmark.mjs", $"{folio.Url}v1", "folio-demo"], folder: folder);
        Assert.True(result.ExitCode == 0, result.Errors);
    }
}
