using Folio.Compute.Cpu;

namespace Folio.Engine.Tests.Persistence;

public sealed class EngineRestartTests
{
    private static readonly GenerationRequest s_request = new()
    {
        Prompt = Enumerable.Range(1, 50).Select(i => 7 * i).ToArray(),
        Sampling = new() { MaxTokens = 8, Temperature = 0, Logprobs = 2 },
        CacheSalt = "somebody",
    };

    [Fact]
    public async Task A_prefix_is_found_after_a_restart_by_its_own_tenant_and_gives_the_same_bits()
    {
        using var folder = new TemporaryFolder();
        List<string> warnings = [];
        EngineOptions options = new() { NumBlocks = 40, MaxModelLen = 200, PrefixCacheDirectory = folder.Path, Warning = warnings.Add };
        (string first, int cold) = await Run(options, s_request);
        (string second, int warm) = await Run(options, s_request);
        (string other, int foreign) = await Run(options, s_request with { CacheSalt = "somebody else" });
        Assert.Equal((0, 48, 0), (cold, warm, foreign));
        Assert.Equal((first, first), (second, other));
        Assert.Empty(warnings);
    }

    [Fact]
    public async Task A_file_that_is_torn_costs_one_warning_and_nothing_else()
    {
        using var folder = new TemporaryFolder();
        List<string> warnings = [];
        EngineOptions options = new() { NumBlocks = 40, MaxModelLen = 200, PrefixCacheDirectory = folder.Path, Warning = warnings.Add };
        (string first, _) = await Run(options, s_request);
        string file = Assert.Single(Directory.GetFiles(folder.Path));
        File.WriteAllBytes(file, File.ReadAllBytes(file)[..^100]);
        (string second, int cached) = await Run(options, s_request);
        Assert.Equal((first, 0), (second, cached));
        Assert.Contains(file, Assert.Single(warnings));
        (_, int mended) = await Run(options, s_request);
        Assert.Equal(48, mended);
    }

    private static async Task<(string Answer, int Cached)> Run(EngineOptions options, GenerationRequest request)
    {
        using var backend = new CpuBackend();
        await using LlmEngine engine = LlmEngine.Load(TestData.DemoModel, backend, options);
        GenerationStream stream = engine.Submit(request);
        List<GenerationOutput> outputs = await Given.ReadAll(stream);
        return (string.Join(" ", outputs.Select(output => $"{output.TokenIds[0]}:{BitConverter.SingleToInt32Bits(output.Logprobs![0].Token.Logprob):x8}")), stream.CachedTokens);
    }
}
