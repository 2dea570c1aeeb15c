using Folio.Compute.Cuda.Tests.Emulation;
using Folio.Engine;

namespace Folio.Compute.Cuda.EmulatedDriver.Tests.Models;

/// <summary>The engine over the emulated card: recorded passes, preemption, swap, shared prefixes.</summary>
public sealed class EngineTests
{
    private static readonly int[][] Prompts = [.. Enumerable.Range(0, 6).Select(i => (int[])[.. Shared, .. Enumerable.Range(0, 5 + 7 * i).Select(j => 3 + (i * 31 + j * 17) % 390)])];

    private static int[] Shared => [.. Enumerable.Range(0, 20).Select(i => 5 + i)];

    [Theory]
    [InlineData(PreemptionMode.Recompute), InlineData(PreemptionMode.Swap)]
    public async Task A_deterministic_answer_is_the_same_alone_and_in_a_storm_that_preempts(PreemptionMode mode)
    {
        int[][] alone = await RunAsync(new() { NumBlocks = 64, MaxNumSeqs = 1, EnablePrefixCaching = false, MaxModelLen = 128 }, oneByOne: true);
        var options = new EngineOptions { NumBlocks = 12, MaxNumSeqs = 6, MaxNumBatchedTokens = 24, PreemptionMode = mode, SwapSpace = 1 << 20, MaxModelLen = 128 };
        int[][] storm = await RunAsync(options, oneByOne: false, engine => Assert.True(engine.Metrics.Preemptions.Value > 0));
        Assert.Equal(alone, storm);
    }

    [Fact]
    public async Task Answers_don_t_depend_on_when_the_card_does_its_work_nor_on_recorded_passes()
    {
        var options = new EngineOptions { NumBlocks = 14, MaxNumSeqs = 4, PreemptionMode = PreemptionMode.Swap, SwapSpace = 1 << 20, MaxModelLen = 128, KvCacheType = DType.I8 };
        int[][] late = await RunAsync(options, oneByOne: false);
        Assert.Equal(await RunAsync(options, oneByOne: false, launched: true), late);
        EmulatedCuda.Set("FOLIO_EMULATION", "eager");
        try
        {
            Assert.Equal(await RunAsync(options, oneByOne: false), late);
        }
        finally
        {
            EmulatedCuda.Set("FOLIO_EMULATION", null);
        }
    }

    private static async Task<int[][]> RunAsync(EngineOptions options, bool oneByOne, Action<LlmEngine>? check = null, bool launched = false)
    {
        using CudaBackend backend = CardRunner.Backend(DType.BF16, deterministic: true, eager: launched);
        await using LlmEngine engine = LlmEngine.Load(TestData.Shared("golden", "llama"), backend, options);
        long free = backend.AvailableMemory;
        int[][] answers = new int[Prompts.Length][];
        if (oneByOne)
        {
            for (int i = 0; i < Prompts.Length; i++) answers[i] = await AnswerAsync(engine, i);
        }
        else
        {
            answers = await Task.WhenAll(Enumerable.Range(0, Prompts.Length).Select(i => AnswerAsync(engine, i)));
        }

        Assert.Equal(free, backend.AvailableMemory); // nothing is allocated after the start
        check?.Invoke(engine);
        return answers;
    }

    private static async Task<int[]> AnswerAsync(LlmEngine engine, int i)
    {
        var sampling = new SamplingParams { MaxTokens = 30, Temperature = i % 2 == 0 ? 0 : 0.8f, TopP = i == 3 ? 0.7f : 1, TopK = i == 5 ? 20 : 0, Seed = i, IgnoreEos = true };
        List<int> ids = [];
        await foreach (GenerationOutput output in engine.Submit(new GenerationRequest { Prompt = Prompts[i], Sampling = sampling })) ids.AddRange(output.TokenIds);
        Assert.Equal(30, ids.Count);
        return [.. ids];
    }
}
