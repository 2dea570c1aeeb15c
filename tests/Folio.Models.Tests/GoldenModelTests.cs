namespace Folio.Models.Tests;

public class GoldenModelTests
{
    public static TheoryData<string> Models =>
    [
        "llama", "llama-headdim", "llama-mha-tied", "llama-rope-dynamic", "llama-rope-linear", "llama-rope-llama3", "llama-rope-yarn",
        "mistral-swa", "smollm2-shape", "qwen2", "qwen2-swa", "qwen3", "gpt2", "gpt2-hub-names", "opt", "opt-350m-style",
        "gguf-f32", "gguf-f16", "gguf-bf16", "gguf-q8_0", "gguf-q4_0", "gguf-q4_1", "gguf-q5_0", "gguf-q5_1", "gguf-q2_k", "gguf-q3_k", "gguf-q4_k_m",
    ];

    [Theory, MemberData(nameof(Models))]
    public void Logits_and_greedy_continuations_equal_the_reference(string name)
    {
        GoldenModel golden = new(name);
        using SoloRunner runner = new(golden.Model);
        for (int i = 0; i < golden.Cases.Count; i++)
        {
            GoldenCase expected = golden.Cases[i];
            Close(golden.Logits(i), runner.Prefill(expected.Prompt, last: 8), golden.Tolerance, $"case {i}");

            (int[] ids, float[][] logits) = runner.Greedy(expected.Prompt, expected.Greedy.Length);
            Assert.Equal(expected.Greedy, ids);
            for (int step = 0; step < ids.Length; step++)
                Assert.Equal(expected.Logprobs[step], SoloRunner.Logprob(logits[step], ids[step]), golden.Tolerance);
        }
    }

    [Theory]
    [InlineData("llama"), InlineData("llama-headdim"), InlineData("llama-mha-tied"), InlineData("llama-rope-linear"), InlineData("llama-rope-llama3"), InlineData("llama-rope-yarn")]
    [InlineData("qwen2"), InlineData("qwen3"), InlineData("gpt2")]
    public void A_checkpoint_converted_to_GGUF_has_the_same_logits(string name)
    {
        GoldenModel golden = new(name);
        string path = Path.Combine(Path.GetTempPath(), $"folio-{Guid.NewGuid():N}.gguf");
        try
        {
            GgufConversion.Convert(golden.Model, path);
            using SoloRunner runner = new(path);
            for (int i = 0; i < golden.Cases.Count; i++) Close(golden.Logits(i), runner.Prefill(golden.Cases[i].Prompt, last: 8), golden.Tolerance, $"case {i}");
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("llama"), InlineData("llama-rope-dynamic"), InlineData("qwen2-swa"), InlineData("gpt2"), InlineData("opt-350m-style"), InlineData("gguf-q4_k_m")]
    public void Chunks_and_scattered_blocks_change_no_bit(string name)
    {
        GoldenModel golden = new(name);
        int[] prompt = golden.Cases[4].Prompt;
        using SoloRunner whole = new(golden.Model);
        using SoloRunner chunked = new(golden.Model, chunk: 7, shuffle: true, threads: 2);

        Assert.Equal(whole.Prefill(prompt, last: prompt.Length), chunked.Prefill(prompt, last: prompt.Length));
        Assert.Equal(whole.Greedy(prompt, 24).Logits, chunked.Greedy(prompt, 24).Logits);
    }

    [Theory]
    [InlineData("llama"), InlineData("gpt2"), InlineData("opt-350m-style")]
    public void A_step_that_its_feed_forward_takes_in_pieces_gives_the_same_bits(string name)
    {
        GoldenModel golden = new(name);
        int[] prompt = [.. Enumerable.Repeat(golden.Cases[4].Prompt, 200).SelectMany(ids => ids).Take(128 + 50)];
        using SoloRunner whole = new(golden.Model);
        using SoloRunner chunked = new(golden.Model, chunk: 50);

        Assert.Equal(chunked.Prefill(prompt, last: prompt.Length), whole.Prefill(prompt, last: prompt.Length));
    }

    private static void Close(float[][] expected, float[][] actual, float tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int row = 0; row < expected.Length; row++)
        {
            float worst = expected[row].Zip(actual[row], (e, a) => MathF.Abs(e - a)).Max();
            Assert.True(worst <= tolerance, $"{what}, row {row}: a logit is off by {worst}; allowed are {tolerance}");
        }
    }
}
