using System.Text.Json.Nodes;
using Folio.Compute.Cpu;

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

    [Theory]
    [InlineData("llama", 32, true), InlineData("llama", -1, true), InlineData("qwen2", 64, false)]
    public void A_model_in_compressed_tensors_has_the_logits_of_its_dequantised_weights(string golden, int groupSize, bool symmetric)
    {
        JsonObject config = CompressedTensors("pack-quantized", $$"""{ "num_bits": 4, "type": "int", "symmetric": {{(symmetric ? "true" : "false")}}, "strategy": "{{(groupSize < 0 ? "channel" : "group")}}", "group_size": {{(groupSize < 0 ? "null" : groupSize)}} }""");
        using QuantizedModel model = new(golden, config, Quantizers.PackQuantized(groupSize, symmetric));
        Check(model, symmetric ? 0 : RoundedShifts);
    }

    [Theory]
    [InlineData("llama"), InlineData("smollm2-shape")]
    public void A_model_in_fp8_with_scales_of_blocks_has_the_logits_of_its_dequantised_weights_rounded_to_bf16(string golden)
    {
        JsonObject config = Config("fp8", ("weight_block_size", new JsonArray(48, 40)), ("activation_scheme", "dynamic"));
        using QuantizedModel model = new(golden, config, Quantizers.Float8("weight_scale_inv", 48, 40, (rows, columns) => [(rows + 47) / 48, (columns + 39) / 40]));
        Check(model, 0);
    }

    [Theory]
    [InlineData("float-quantized", "tensor"), InlineData("float-quantized", "channel"), InlineData("naive-quantized", "channel")]
    public void A_model_in_fp8_of_compressed_tensors_has_the_logits_of_its_dequantised_weights_rounded_to_bf16(string format, string strategy)
    {
        JsonObject config = CompressedTensors(format, $$"""{ "num_bits": 8, "type": "float", "symmetric": true, "strategy": "{{strategy}}" }""");
        using QuantizedModel model = new("llama", config, strategy == "tensor" ? Quantizers.Float8("weight_scale", 1 << 20, 1 << 20, (_, _) => [1]) : Quantizers.Float8("weight_scale", 1, 1 << 20, (rows, _) => [rows, 1]));
        Check(model, 0);
    }

    [Theory]
    [InlineData("fp8", "weight_scale", false), InlineData("fp8", "weight_scale_inv", false), InlineData("fbgemm_fp8", "weight_scale", true)]
    public void A_model_in_fp8_without_blocks_has_the_logits_of_its_dequantised_weights_rounded_to_bf16(string method, string scales, bool byOutput)
    {
        using QuantizedModel model = new("llama", Config(method), byOutput ? Quantizers.Float8(scales, 1, 1 << 20, (rows, _) => [rows, 1]) : Quantizers.Float8(scales, 1 << 20, 1 << 20, (_, _) => []));
        Check(model, 0);
    }

    [Fact]
    public void Weights_are_counted_and_not_the_words_that_hold_them()
    {
        using QuantizedModel awq = new("llama", Config("awq", ("group_size", 32)), Quantizers.Awq(32));
        using QuantizedModel fp8 = new("llama", Config("fp8"), Quantizers.Float8("weight_scale", 1 << 20, 1 << 20, (_, _) => []));
        using ModelSource plain = ModelSource.Open(awq.Plain), four = ModelSource.Open(awq.Path), eight = ModelSource.Open(fp8.Path);
        long linear = plain.Tensors.Tensors.Where(tensor => tensor.Name.EndsWith("_proj.weight")).Sum(tensor => tensor.Bytes / sizeof(float));
        Assert.Equal([plain.Parameters, plain.Parameters], [four.Parameters, eight.Parameters]);
        using var backend = new CpuBackend(1);
        Assert.Equal(plain.WeightBytes(backend) - linear * 4 + linear / 32 * 20, four.WeightBytes(backend));
        Assert.Equal(plain.WeightBytes(backend) - linear * 2, eight.WeightBytes(backend));
        Assert.Equal(("AWQ, 4 bits, groups of 32", "fp8 (E4M3)"), (four.Quantization?.Description, eight.Quantization?.Description));
    }

    private static JsonObject CompressedTensors(string format, string weights) =>
        Config("compressed-tensors", ("format", format), ("config_groups", JsonNode.Parse($$"""{ "group_0": { "targets": ["Linear"], "weights": {{weights}}, "input_activations": null } }""")), ("ignore", new JsonArray("lm_head")));

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
