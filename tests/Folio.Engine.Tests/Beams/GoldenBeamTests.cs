using System.Text.Json;
using Folio.Compute;
using Folio.Compute.Cpu;

namespace Folio.Engine.Tests;

/// <summary>Sequences and scores of Hugging Face transformers' generate with num_beams.</summary>
public sealed class GoldenBeamTests
{
    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    [InlineData("opt")]
    [InlineData("qwen2")]
    public async Task Beams_of_all_cases_in_one_storm_equal_the_reference(string model) =>
        await Compare(TestData.Shared("golden", model, "expected.json"), TestData.Shared("golden", model), new() { NumBlocks = 400, BlockSize = 4, MaxNumBatchedTokens = 96 }, leastCases: 36);

    [Theory]
    [InlineData(PreemptionMode.Recompute)]
    [InlineData(PreemptionMode.Swap)]
    public async Task Beams_that_are_preempted_equal_the_reference(PreemptionMode mode) => await Compare(
        TestData.Shared("golden", "llama", "expected.json"),
        TestData.Shared("golden", "llama"),
        new() { NumBlocks = 30, MaxModelLen = 64, BlockSize = 4, MaxNumBatchedTokens = 24, GrowthTokens = 0, PreemptionMode = mode, SwapSpace = 1 << 20 },
        leastCases: 36,
        preempted: true);

    [Fact]
    public async Task Beams_of_a_published_model_equal_the_reference() => await Compare(
        TestData.Shared("golden", "smollm2-135m-q4_1", "expected.json"), TestData.Shared("models", "SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"), new() { NumBlocks = 100 }, leastCases: 1);

    private static async Task Compare(string expectedPath, string modelPath, EngineOptions options, int leastCases, bool preempted = false)
    {
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(expectedPath));
        JsonElement[] cases = [.. expected.RootElement.GetProperty("beams").EnumerateArray()];
        Assert.True(cases.Length >= leastCases);
        using var backend = new CpuBackend(activations: CpuActivations.F32);
        await using LlmEngine engine = LlmEngine.Load(modelPath, backend, options with { KvCacheType = DType.F32 });
        GenerationStream[] streams = Given.AtOnce(engine, () => cases.Select(one => engine.Submit(Request(one))).ToArray());
        for (int i = 0; i < cases.Length; i++)
        {
            List<GenerationOutput> outputs = await Given.ReadAll(streams[i]);
            int width = cases[i].GetProperty("num_beams").GetInt32();
            for (int rank = 0; rank < width; rank++)
            {
                GenerationOutput[] own = [.. outputs.Where(output => output.Index == rank)];
                Assert.Equal(Ints(cases[i].GetProperty("sequences")[rank]), own.SelectMany(output => output.TokenIds));
                Assert.Equal(cases[i].GetProperty("scores")[rank].GetDouble(), own[^1].Score!.Value, 1e-3);
                if (cases[i].TryGetProperty("texts", out JsonElement texts)) Assert.Equal(texts[rank].GetString(), string.Concat(own.Select(output => output.Text)));
            }
        }

        if (preempted) Assert.True(engine.Metrics.Preemptions.Value > 0);
    }

    private static GenerationRequest Request(JsonElement one) => new()
    {
        Prompt = Ints(one.GetProperty("input_ids")),
        Sampling = new()
        {
            UseBeamSearch = true,
            N = one.GetProperty("num_beams").GetInt32(),
            LengthPenalty = one.GetProperty("length_penalty").GetSingle(),
            EarlyStopping = one.GetProperty("early_stopping") switch
            {
                { ValueKind: JsonValueKind.True } => EarlyStopping.True,
                { ValueKind: JsonValueKind.False } => EarlyStopping.False,
                _ => EarlyStopping.Never,
            },
            MaxTokens = one.GetProperty("max_new_tokens").GetInt32(),
            IgnoreEos = true,
            StopTokenIds = Ints(one.GetProperty("eos_token_id")),
        },
    };

    private static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(value => value.GetInt32())];
}
