using System.Text.Json;
using Folio.Compute;
using Folio.Compute.Cpu;

namespace Folio.Engine.Tests;

/// <summary>The engine as a whole beside reference outputs: all prompts at once, through paging, batching and sampling.</summary>
public sealed class GoldenTests
{
    [Fact]
    public async Task Greedy_answers_of_the_demo_model_equal_the_reference()
    {
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(TestData.Shared("golden", "folio-demo", "expected.json")));
        using var backend = new CpuBackend(activations: CpuActivations.F32);
        await using LlmEngine engine = LlmEngine.Load(TestData.Shared("models", "folio-demo"), backend, new() { NumBlocks = 200, MaxNumBatchedTokens = 64, KvCacheType = DType.F32 });
        JsonElement[] prompts = [.. expected.RootElement.GetProperty("prompts").EnumerateArray()];
        GenerationStream[] streams = [.. prompts.Select(prompt => engine.Submit(new()
        {
            Prompt = Ints(prompt.GetProperty("prompt_ids")),
            Sampling = new() { Temperature = 0, MaxTokens = 64, Logprobs = 0 },
        }))];

        for (int i = 0; i < prompts.Length; i++)
        {
            JsonElement greedy = prompts[i].GetProperty("greedy");
            List<GenerationOutput> outputs = await Given.ReadAll(streams[i]);
            Assert.Equal(Ints(greedy.GetProperty("ids")), outputs.SelectMany(output => output.TokenIds));
            double[] logprobs = [.. greedy.GetProperty("logprobs").EnumerateArray().Select(value => value.GetDouble())];
            Assert.All(outputs.SelectMany(output => output.Logprobs!).Zip(logprobs), pair => Assert.Equal(pair.Second, pair.First.Token.Logprob, 1e-3));
        }
    }

    [Fact]
    public async Task A_prompt_s_log_probabilities_are_the_same_in_chunks_and_rank_its_tokens()
    {
        using var backend = new CpuBackend();
        int[] prompt;
        IReadOnlyList<PositionLogprobs?> whole, chunks;
        await using (LlmEngine engine = LlmEngine.Load(TestData.DemoModel, backend, new() { NumBlocks = 50 }))
        {
            prompt = engine.Model.Encode("Once upon a time there was a little girl named Lily. She had a red ball.");
            whole = await PromptLogprobs(engine, prompt);
        }

        await using (LlmEngine engine = LlmEngine.Load(TestData.DemoModel, backend, new() { NumBlocks = 50, MaxNumBatchedTokens = 3 })) chunks = await PromptLogprobs(engine, prompt);

        Assert.Equal(prompt.Length, whole.Count);
        Assert.Null(whole[0]);
        for (int i = 1; i < prompt.Length; i++)
        {
            Assert.Equal(prompt[i], whole[i]!.Token.TokenId);
            Assert.Equal(whole[i]!.Token, chunks[i]!.Token);
            Assert.Equal(whole[i]!.Top, chunks[i]!.Top);
            Assert.Equal([1, 2, 3], whole[i]!.Top.Select(top => top.Rank));
            if (whole[i]!.Token.Rank <= 3) Assert.Equal(whole[i]!.Token, whole[i]!.Top[whole[i]!.Token.Rank - 1]);
        }
    }

    [Fact]
    public async Task Nine_samples_of_a_real_model_equal_nine_requests()
    {
        using var backend = new CpuBackend();
        await using LlmEngine engine = LlmEngine.Load(TestData.DemoModel, backend, new() { NumBlocks = 200 });
        var request = new GenerationRequest
        {
            Prompt = engine.Model.Encode("The dog was sad because"),
            Sampling = new() { N = 9, Seed = 7, MaxTokens = 12, Temperature = 0.8f, TopP = 0.9f, TopK = 40, MinP = 0.01f, RepetitionPenalty = 1.1f },
        };
        List<GenerationOutput> together = await Given.ReadAll(engine.Submit(request));
        for (int i = 0; i < 9; i++)
        {
            List<GenerationOutput> single = await Given.ReadAll(engine.Submit(request with { Sampling = request.Sampling with { N = 1, Seed = 7 + i } }));
            Assert.Equal(single.SelectMany(output => output.TokenIds), together.Where(output => output.Index == i).SelectMany(output => output.TokenIds));
        }
    }

    private static async Task<IReadOnlyList<PositionLogprobs?>> PromptLogprobs(LlmEngine engine, int[] prompt) =>
        (await Given.ReadAll(engine.Submit(new() { Prompt = prompt, Sampling = new() { MaxTokens = 1, Temperature = 0, PromptLogprobs = 3 } })))[0].PromptLogprobs!;

    private static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(value => value.GetInt32())];
}
