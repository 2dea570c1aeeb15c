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

    /// <summary>Rows are quantised too, each with a scale of its own.</summary>
    [Theory]
    [InlineData(1), InlineData(1 << 20)]
    public void A_model_in_fp8_by_fp8_has_the_processors_logits_up_to_the_rounding_of_its_rows(int scaleRows) =>
        Check(new() { ["quant_method"] = "fp8" }, Quantizers.Float8("weight_scale", scaleRows, 1 << 20, (rows, _) => scaleRows == 1 ? [rows, 1] : [1]), DType.BF16, prompt: 24, rounding: 0.03);

    /// <remarks>Of the range of logits, as the root of the mean square: what the rounding of the cache moves them by, as in golden models.</remarks>
    private static void Check(JsonObject config, Quantizer quantizer, DType input = DType.F32, int prompt = 8, double rounding = 0.01)
    {
        using QuantizedModel model = new("llama", config, quantizer);
        int[] ids = [.. Enumerable.Range(0, prompt).Select(i => (i * 7919 + 13) % 400)];
        using SoloRunner card = CardRunner.Solo(model.Path, input), processor = new(model.Path);
        float[] actual = [.. card.Prefill(ids, last: 8).SelectMany(row => row)], expected = [.. processor.Prefill(ids, last: 8).SelectMany(row => row)];
        double squares = expected.Zip(actual, (e, a) => Math.Pow(e - a, 2)).Average();
        Assert.InRange(Math.Sqrt(squares), 0, rounding * (expected.Max() - expected.Min()));
    }
}
