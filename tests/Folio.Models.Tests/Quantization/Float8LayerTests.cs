using Folio.Compute;

namespace Folio.Models.Tests;

public class Float8LayerTests
{
    private const string Blocks = """{ "quant_method": "fp8", "weight_block_size": [128, 128] }""";

    [Fact]
    public void Every_code_is_the_number_of_the_specification()
    {
        for (int code = 0; code < 256; code++)
        {
            if ((code & 127) == 127) Assert.True(float.IsNaN(Float8Rows.ToSingle((byte)code)));
            else Assert.Equal(E4M3.Value((byte)code), Float8Rows.ToSingle((byte)code));
        }

        Assert.Equal([448, 240, 1, 0.015625f, 0.013671875f, 0.001953125f, 0, -1], ((byte[])[0x7E, 0x77, 0x38, 0x08, 0x07, 0x01, 0x00, 0xB8]).Select(Float8Rows.ToSingle));
    }

    [Fact]
    public void All_codes_at_once_are_scaled_by_their_blocks_and_rounded_to_bf16()
    {
        const int rows = 130, columns = 160; // two blocks and a bit, each way
        byte[] codes = [.. Enumerable.Range(0, rows * columns).Select(i => (byte)(i * 37 % 256))];
        float[] scales = [0.3f, 1 / 3f, 1e-3f, 7.7f];
        SafetensorsWriter layer = new();
        layer.Add<byte>("up.weight", "F8_E4M3", [rows, columns], codes);
        layer.Add<float>("up.weight_scale_inv", "F32", [2, 2], scales);
        float[] values = QuantizedLayer.Values(layer, Blocks, rows, columns);
        for (int i = 0; i < values.Length; i++)
        {
            if ((codes[i] & 127) == 127) Assert.True(float.IsNaN(values[i]));
            else Assert.Equal(BFloat16.Round(E4M3.Value(codes[i]) * scales[i / columns / 128 * 2 + i % columns / 128]), values[i]);
        }
    }

    [Theory]
    [InlineData("weight", new long[] { 64, 32 }, Blocks, "is [64, 32]; config.json asks for [32, 64].")]
    [InlineData("weight_scale_inv", new long[] { 1, 2 }, Blocks, "is [1, 2]; config.json asks for [1, 1].")]
    [InlineData("weight_scale_inv", new long[] { 64 }, """{ "quant_method": "fp8" }""", "is [64]; one scale, or one for each of 32 outputs, is expected.")]
    [InlineData("weight_scale_inv", new long[] { 32, 2 }, """{ "quant_method": "fp8" }""", "is [32, 2]; one scale, or one for each of 32 outputs, is expected.")]
    public void A_tensor_of_another_shape_is_named(string name, long[] shape, string quantization, string refusal)
    {
        SafetensorsWriter layer = new();
        layer.Add<byte>("up.weight", "F8_E4M3", name == "weight" ? shape : [32, 64], new byte[32 * 64]);
        long[] scales = name == "weight" ? [1, 1] : shape;
        layer.Add<float>("up.weight_scale_inv", "F32", scales, new float[scales.Aggregate(1L, (a, b) => a * b)]);
        Assert.Equal($"model.safetensors: tensor 'up.{name}' {refusal}", QuantizedLayer.Refusal(layer, quantization, 32, 64));
    }

    [Fact]
    public void A_weight_without_its_scales_is_refused()
    {
        SafetensorsWriter layer = new();
        layer.Add<byte>("up.weight", "F8_E4M3", [32, 64], new byte[32 * 64]);
        Assert.Equal("model.safetensors: tensor 'up.weight_scale' is missing.", QuantizedLayer.Refusal(layer, Blocks, 32, 64));
    }

    [Theory]
    [InlineData("""{ "quant_method": "fp8", "weight_block_size": [128, 0] }""", "'quantization_config.weight_block_size' is [128, 0]; the rows and columns of a block are expected.")]
    [InlineData("""{ "quant_method": "fp8", "weight_block_size": [128] }""", "'quantization_config.weight_block_size' is [128]; the rows and columns of a block are expected.")]
    [InlineData("""{ "quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized" }""", "'quantization_config.format' is \"nvfp4-pack-quantized\"; \"pack-quantized\" or \"float-quantized\" or \"naive-quantized\" is expected.")]
    [InlineData("""{ "quant_method": "compressed-tensors", "format": "float-quantized", "config_groups": { "a": {}, "b": {} } }""", "'quantization_config.config_groups' has 2 schemes; one is expected.")]
    [InlineData("""{ "quant_method": "compressed-tensors", "format": "float-quantized", "config_groups": { "a": {} } }""", "'quantization_config.config_groups.a.weights' is missing.")]
    [InlineData("""{ "quant_method": "compressed-tensors", "format": "naive-quantized", "config_groups": { "a": { "weights": { "type": "int" } } } }""", "'quantization_config.config_groups.a.weights.type' is \"int\"; \"float\" is expected.")]
    [InlineData("""{ "quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups": { "a": { "weights": { "num_bits": 2 } } } }""", "'quantization_config.config_groups.a.weights.num_bits' is 2; 4 or 8 is expected.")]
    public void Settings_that_are_not_read_are_named(string quantization, string refusal) =>
        Assert.Equal($"config.json: {refusal}", QuantizedLayer.Refusal(new(), quantization, 32, 64));
}
