using Folio.Compute.Cpu;

namespace Folio.Engine.Tests;

/// <summary>The same requests over a pool that holds them all, and over one that doesn't, by each way of coming back: equal tokens, and what it cost.</summary>
public sealed class PreemptionFiguresTests(ITestOutputHelper output)
{
    private const int Requests = 6, Prompt = 40, Answer = 40, BlockSize = 8;

    [Fact]
    public async Task Recompute_host_and_disk_answer_with_equal_tokens()
    {
        using var folder = new TemporaryFolder();
        EngineOptions roomy = new() { BlockSize = BlockSize, NumBlocks = 400, MaxModelLen = 128, GrowthTokens = 0, PreemptionMode = PreemptionMode.Recompute };
        EngineOptions small = roomy with { NumBlocks = 44 }, swap = small with { PreemptionMode = PreemptionMode.Swap };

        string expected = await Tokens("no preemption", roomy, mode: null);
        Assert.Equal(expected, await Tokens("recompute", small, "recompute"));
        Assert.Equal(expected, await Tokens("swap to host", swap with { SwapSpace = 1 << 28 }, "host"));
        Assert.Equal(expected, await Tokens("swap to disk", swap with { SwapSpace = 0, SwapDirectory = folder.Path, DiskSwapSpace = 1 << 28 }, "disk"));
    }

    private async Task<string> Tokens(string how, EngineOptions options, string? mode)
    {
        using var backend = new CpuBackend(2);
        await using LlmEngine engine = LlmEngine.Load(TestData.DemoModel, backend, options);
        GenerationStream[] streams = Given.AtOnce(engine, () => Enumerable.Range(0, Requests).Select(i => engine.Submit(Request(i))).ToArray());
        List<string> answers = [];
        foreach (GenerationStream stream in streams)
        {
            List<GenerationOutput> outputs = await Given.ReadAll(stream);
            for (int i = 0; i < 2; i++) answers.Add(string.Join(" ", outputs.Where(one => one.Index == i).SelectMany(one => one.TokenIds)));
        }

        long preemptions = engine.Metrics.Preemptions.Value, tokens = streams.Sum(stream => stream.Preemptions.Tokens);
        string cost = mode switch
        {
            null => "",
            "recompute" => $", {tokens} tokens of keys and values dropped",
            _ => $", {tokens} tokens in at least {LeastBlocks(streams)} blocks moved out and back",
        };
        output.WriteLine($"{how}: {preemptions} preemptions{cost}; {engine.Metrics.IterationTokens.Sum} tokens computed in {engine.Metrics.IterationTokens.CumulativeCounts()[^1]} steps; {engine.Metrics.CopiedBlocks.Value} blocks copied; answers {Digest(answers)}");
        Assert.Equal(mode is null, preemptions == 0);
        if (mode is not null) Assert.Equal(preemptions, Seen.Preemptions(engine.Metrics, mode));
        return string.Join("\n", answers);
    }

    private static long LeastBlocks(GenerationStream[] streams) => streams.Sum(stream => (stream.Preemptions.Tokens + BlockSize - 1) / BlockSize);

    private static string Digest(List<string> answers) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Join("\n", answers))).AsSpan(0, 6));

    /// <summary>Two samples of a prompt that ends inside a block: there is something to share, to copy, and to share again after the return.</summary>
    private static GenerationRequest Request(int i)
    {
        var random = new Random(i);
        int[] prompt = [.. Enumerable.Range(0, Prompt + i).Select(_ => random.Next(1, 8180))];
        return new() { Prompt = prompt, Sampling = new() { N = 2, Seed = i, MaxTokens = Answer, IgnoreEos = true } };
    }
}
