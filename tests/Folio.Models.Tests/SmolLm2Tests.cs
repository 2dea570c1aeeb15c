using System.Text.Json;
using Folio.Compute;
using Folio.Formats;
using Folio.Tokenization;

namespace Folio.Models.Tests;

/// <summary>SmolLM2-135M-Instruct in Q4_1: a real model through the whole floor, with the reference's fp32 activations.</summary>
[Trait("Category", "Slow")]
public class SmolLm2Tests(ITestOutputHelper output)
{
    private const int Steps = 64;

    private static string Model => TestData.Shared("models", "SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct.Q4_1.gguf");

    [Fact]
    public void All_greedy_continuations_equal_the_reference()
    {
        using JsonDocument expected = Reference();
        float tolerance = 20 * expected.RootElement.GetProperty("noise_floor").GetSingle();
        using SoloRunner runner = new(Model, threads: 2);
        foreach (JsonElement item in expected.RootElement.GetProperty("cases").EnumerateArray())
        {
            GoldenCase golden = GoldenCase.Read(item);
            (int[] ids, float[][] logits) = runner.Greedy(golden.Prompt, Steps);
            Assert.Equal(golden.Greedy, ids);
            for (int step = 0; step < Steps; step++) Assert.Equal(golden.Logprobs[step], SoloRunner.Logprob(logits[step], ids[step]), tolerance);

            int[] best = GoldenCase.Ints(item.GetProperty("top20_ids"));
            float[] bestLogits = GoldenCase.Floats(item.GetProperty("top20_logits"));
            for (int i = 0; i < best.Length; i++) Assert.Equal(bestLogits[i], logits[0][best[i]], tolerance);
        }
    }

    [Theory]
    [InlineData(DType.BF16, 0.99)]
    [InlineData(DType.I8, 0.99)]
    public void A_cache_of_16_or_8_bits_almost_always_ranks_the_reference_s_tokens_first(DType kvType, double share)
    {
        using JsonDocument expected = Reference();
        using SoloRunner runner = new(Model, threads: 2, kvType: kvType);
        int same = 0, all = 0;
        foreach (GoldenCase golden in expected.RootElement.GetProperty("cases").EnumerateArray().Select(GoldenCase.Read))
        {
            float[][] logits = runner.Given(golden.Prompt, golden.Greedy);
            same += golden.Greedy.Where((id, i) => logits[i].IndexOf(logits[i].Max()) == id).Count();
            all += golden.Greedy.Length;
        }

        output.WriteLine($"{kvType}: {same} of {all}");
        Assert.InRange((double)same / all, share, 1);
    }

    [Theory]
    [InlineData(DType.F32, 0.001)]
    [InlineData(DType.I8, 0.005)]
    public void Its_perplexity_equals_the_reference_as_closely_as_the_cache_is_exact(DType kvType, double tolerance)
    {
        using JsonDocument expected = Reference();
        JsonElement perplexity = expected.RootElement.GetProperty("perplexity");
        int window = perplexity.GetProperty("window").GetInt32(), tokens = perplexity.GetProperty("tokens").GetInt32();
        int[] ids = Tokenize(File.ReadAllText(TestData.Shared("golden", "perplexity.txt")))[..tokens];
        Assert.Equal(GoldenCase.Ints(perplexity.GetProperty("first_ids")), ids[..16]);

        using SoloRunner runner = new(Model, maxTokens: window, chunk: 128, threads: 2, kvType: kvType);
        double sum = 0;
        for (int start = 0; start < tokens; start += window) sum += runner.NegativeLogLikelihood(ids[start..(start + window)]);
        double value = Math.Exp(sum / perplexity.GetProperty("scored_tokens").GetInt32());
        output.WriteLine($"{kvType}: {value:F4}, the reference's {perplexity.GetProperty("value").GetDouble():F4}");
        Assert.Equal(1, value / perplexity.GetProperty("value").GetDouble(), tolerance);
    }

    private static int[] Tokenize(string text)
    {
        using ModelSource source = ModelSource.Open(Model);
        GgufMetadata metadata = source.Metadata!;
        Tokenizer tokenizer = Tokenizer.FromGguf(new()
        {
            Model = metadata.GetString("tokenizer.ggml.model"),
            Pre = metadata.GetString("tokenizer.ggml.pre"),
            Tokens = metadata.GetStrings("tokenizer.ggml.tokens"),
            Merges = metadata.GetStrings("tokenizer.ggml.merges"),
            TokenTypes = metadata.GetInts("tokenizer.ggml.token_type"),
        });
        return tokenizer.Encode(text);
    }

    private static JsonDocument Reference() => JsonDocument.Parse(File.ReadAllBytes(TestData.Shared("golden", "smollm2-135m-q4_1", "expected.json")));
}
