using Folio.Models.Tests;

namespace Folio.Compute.Cuda.EmulatedDriver.Tests.Models;

/// <summary>Whole models on the emulated card, beside what Hugging Face transformers made of them in fp32.</summary>
public sealed class GoldenModelTests
{
    /// <summary>Of the range of logits, as the root of the mean square over a row: what keys, values and attention's weights, rounded to bf16, may move them; and inputs of products, too.</summary>
    private const float CacheRounding = 0.01f, AllRounding = 0.02f;

    private static readonly int[] Cases = [0, 4]; // a short prompt, and the longest

    public static TheoryData<string> Models =>
    [
        "llama-headdim", "llama-mha-tied", "llama-rope-dynamic", "smollm2-shape", "qwen2-swa", "qwen3", "gpt2", "opt-350m-style", "gguf-bf16", "gguf-q8_0", "gguf-q4_k_m",
    ];

    [Theory, MemberData(nameof(Models))]
    public void Logits_are_the_references_up_to_the_rounding_of_the_cache(string name)
    {
        GoldenModel golden = new(name);
        using SoloRunner runner = CardRunner.Solo(golden.Model, DType.F32);
        foreach (int i in Cases) Close(golden.Logits(i), runner.Prefill(golden.Cases[i].Prompt, last: 8), CacheRounding * golden.LogitRange, $"case {i}");
    }

    [Theory]
    [InlineData("llama", DType.I8, CacheRounding), InlineData("llama", DType.F8_E4M3, 2 * CacheRounding)]
    public void A_cache_of_8_bits_moves_logits_as_little_as_its_rounding_may(string name, DType kvType, float rounding)
    {
        GoldenModel golden = new(name);
        using SoloRunner runner = CardRunner.Solo(golden.Model, DType.F32, chunk: 5, kvType: kvType);
        foreach (int i in Cases) Close(golden.Logits(i), runner.Prefill(golden.Cases[i].Prompt, last: 8), rounding * golden.LogitRange, $"case {i}");
    }

    [Theory]
    [InlineData("llama"), InlineData("gpt2"), InlineData("opt-350m-style"), InlineData("gguf-q4_k_m"), InlineData("gguf-bf16")] // whose products of many rows are cuBLASLt's
    public void Products_fed_with_bf16_round_no_more_than_bf16_does_and_decode_the_same_where_the_choice_is_clear(string name)
    {
        GoldenModel golden = new(name);
        using SoloRunner runner = CardRunner.Solo(golden.Model, DType.BF16);
        GoldenCase expected = golden.Cases[0];
        Close(golden.Logits(0), runner.Prefill(expected.Prompt, last: 8), AllRounding * golden.LogitRange, "the prompt");

        float unclear = 4 * AllRounding * golden.LogitRange;
        int[] ids = expected.Greedy[..12];
        float[][] decoded = [.. ids.Select((_, i) => i == 0 ? runner.Prefill(expected.Prompt, last: 1)[0] : runner.Next(ids[i - 1], expected.Prompt.Length + i - 1))];
        int differences = 0;
        for (int i = 0; i < ids.Length; i++)
        {
            if (decoded[i].IndexOf(decoded[i].Max()) == ids[i]) continue;
            differences++;
            Assert.True(decoded[i].Max() - decoded[i][ids[i]] < unclear, $"step {i}: the reference's choice is {decoded[i].Max() - decoded[i][ids[i]]} below the card's");
        }

        Assert.InRange(differences, 0, ids.Length / 4);
    }

    [Theory]
    [InlineData("llama-headdim", DType.F32), InlineData("qwen2-swa", DType.BF16), InlineData("gguf-q4_k_m", DType.BF16)]
    public void Chunks_and_scattered_blocks_change_no_bit_of_a_deterministic_answer(string name, DType input)
    {
        GoldenModel golden = new(name);
        int[] prompt = golden.Cases[4].Prompt;
        using SoloRunner whole = CardRunner.Solo(golden.Model, input, deterministic: true);
        using SoloRunner chunked = CardRunner.Solo(golden.Model, input, deterministic: true, chunk: 7, shuffle: true);
        Assert.Equal(whole.Prefill(prompt, last: prompt.Length), chunked.Prefill(prompt, last: prompt.Length));
    }

    private static void Close(float[][] expected, float[][] actual, float tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int row = 0; row < expected.Length; row++)
        {
            double squares = 0;
            for (int id = 0; id < expected[row].Length; id++) squares += Math.Pow(expected[row][id] - actual[row][id], 2);
            Assert.True(Math.Sqrt(squares / expected[row].Length) <= tolerance, $"{what}, row {row}: off by {Math.Sqrt(squares / expected[row].Length)} in the mean; {tolerance} is allowed");
        }
    }
}
