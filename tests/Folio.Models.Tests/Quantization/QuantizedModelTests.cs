using System.Text.Json.Nodes;

namespace Folio.Models.Tests;

/// <summary>Quantised models beside the same models with their weights dequantised by the formats' formula, as fp32.</summary>
public class QuantizedModelTests
{
    /// <summary>Of logits, where zero points times scales are rounded to fp16: 1.6e-3 to 1.9e-3 was seen. The quantisation itself moves these models' logits by a hundred times as much.</summary>
    private const double RoundedShifts = 3e-3;

    [Theory]
    [InlineData("llama", 32), InlineData("llama", 64), InlineData("llama", -1), InlineData("qwen2", 64)]
    public void A_model_in_AWQ_has_the_logits_of_its_dequantised_weights(string golden, int groupSize)
    {
        using QuantizedModel model = new(golden, Config("awq", ("bits", 4), ("group_size", groupSize), ("version", "gemm"), ("zero_point", true)), Quantizers.Awq(groupSize));
        Check(model, RoundedShifts);
    }

    [Theory]
    [InlineData("llama", 4, 32, true, "gptq"), InlineData("llama", 4, -1, true, "gptq_v2"), InlineData("llama", 8, 64, true, "gptq"), InlineData("gpt2", 4, 64, true, "gptq")]
    [InlineData("llama", 4, 32, false, "gptq"), InlineData("qwen2", 4, 64, false, "gptq_v2")]
    public void A_model_in_GPTQ_has_the_logits_of_its_dequantised_weights(string golden, int bits, int groupSize, bool symmetric, string format)
    {
        JsonObject config = Config("gptq", ("bits", bits), ("group_size", groupSize), ("sym", symmetric), ("desc_act", false), ("checkpoint_format", format));
        using QuantizedModel model = new(golden, config, Quantizers.Gptq(bits, groupSize, symmetric, storedLess: format == "gptq" ? 1 : 0));
        Check(model, symmetric ? 0 : RoundedShifts);
    }

    private static JsonObject Config(string method, params (string Key, JsonNode? Value)[] settings)
    {
        JsonObject config = new() { ["quant_method"] = method };
        foreach ((string key, JsonNode? value) in settings) config[key] = value;
        return config;
    }

    private static void Check(QuantizedModel model, double tolerance)
    {
        int[] prompt = [.. Enumerable.Range(0, 60).Select(i => (i * 7919 + 13) % 400)];
        using SoloRunner quantized = new(model.Path, threads: 2), plain = new(model.Plain);
        float[] actual = [.. quantized.Prefill(prompt, prompt.Length).SelectMany(row => row)], expected = [.. plain.Prefill(prompt, prompt.Length).SelectMany(row => row)];
        double error = expected.Zip(actual, (e, a) => Math.Pow(e - a, 2)).Sum(), size = expected.Sum(logit => Math.Pow(logit, 2));
        Assert.InRange(Math.Sqrt(error / size), 0, tolerance);
    }
}
