using System.Text.Json.Nodes;
using Folio.Models.Tests;

namespace Folio.Compute.Cuda.EmulatedDriver.Tests.Models;

/// <summary>Quantised safetensors on the emulated card, beside the processor.</summary>
public sealed class QuantizedModelTests
{
    [Fact]
    public void A_model_in_AWQ_has_the_processors_logits() =>
        Check(new() { ["quant_method"] = "awq", ["group_size"] = 64 }, Quantizers.Awq(groupSize: 64));

    [Fact]
    public void A_model_in_fp8_has_the_processors_logits() =>
        Check(new() { ["quant_method"] = "fp8" }, Quantizers.Float8("weight_scale", 1, 1 << 20, (rows, _) => [rows, 1]));

    /// <remarks>Of the range of logits, as the root of the mean square: what the rounding of the cache moves them by, as in golden models.</remarks>
    private static void Check(JsonObject config, Quantizer quantizer)
    {
        using QuantizedModel model = new("llama", config, quantizer);
        int[] prompt = [.. Enumerable.Range(0, 8).Select(i => (i * 7919 + 13) % 400)];
        using SoloRunner card = CardRunner.Solo(model.Path, DType.F32), processor = new(model.Path);
        float[] actual = [.. card.Prefill(prompt, last: 8).SelectMany(row => row)], expected = [.. processor.Prefill(prompt, last: 8).SelectMany(row => row)];
        double squares = expected.Zip(actual, (e, a) => Math.Pow(e - a, 2)).Average();
        Assert.InRange(Math.Sqrt(squares), 0, 0.01 * (expected.Max() - expected.Min()));
    }
}
