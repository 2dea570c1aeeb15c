namespace Folio.Models.Tests;

/// <summary>Quantised layers that aren't as their config says are refused with the name of the tensor or key, and what was expected.</summary>
public class IntegerLayerRefusalTests
{
    private const string Awq = """{ "quant_method": "awq", "bits": 4, "group_size": 32, "version": "gemm", "zero_point": true }""";

    private const string Gptq = """{ "quant_method": "gptq", "bits": 4, "group_size": 32, "checkpoint_format": "gptq_v2", "is_marlin_format": false }""";

    [Theory]
    [InlineData("\"bits\": 4", "\"bits\": 3", "'quantization_config.bits' is 3; 4 is expected.")]
    [InlineData("gemm", "gemv", "'quantization_config.version' is \"gemv\"; \"gemm\" is expected.")]
    [InlineData("true", "false", "'quantization_config.zero_point' is false; true is expected.")]
    [InlineData("32", "48", "'quantization_config.group_size' is 48; -1 or a multiple of 32 is expected.")]
    [InlineData("32", "0", "'quantization_config.group_size' is 0; -1 or a multiple of 32 is expected.")]
    [InlineData("\"awq\"", "null", "'quantization_config.quant_method' is missing.")]
    public void Settings_of_AWQ_that_are_not_read_are_named(string setting, string other, string refusal) =>
        Assert.Equal($"config.json: {refusal}", Refusal(new(), Awq.Replace(setting, other)));

    [Theory]
    [InlineData("qweight", "F32", new long[] { 64, 1 }, "is stored as F32; config.json asks for I32.")]
    [InlineData("qweight", "I32", new long[] { 32, 2 }, "is [32, 2]; config.json asks for [64, 1].")]
    [InlineData("qzeros", "I32", new long[] { 1, 1 }, "is [1, 1]; config.json asks for [2, 1].")]
    [InlineData("qzeros", "F32", new long[] { 2, 1 }, "is stored as F32; config.json asks for I32.")]
    [InlineData("scales", "I32", new long[] { 2, 8 }, "is stored as I32; config.json asks for F16 or BF16 or F32.")]
    [InlineData("scales", "F32", new long[] { 8, 2 }, "is [8, 2]; config.json asks for [2, 8].")]
    [InlineData("qzeros", null, null, "is missing.")]
    [InlineData("scales", null, null, "is missing.")]
    public void A_tensor_of_AWQ_that_is_not_as_it_should_be_is_named(string name, string? type, long[]? shape, string refusal)
    {
        SafetensorsWriter layer = new();
        foreach ((string tensor, string usual, long[] size) in ((string, string, long[])[])[("qweight", "I32", [64, 1]), ("qzeros", "I32", [2, 1]), ("scales", "F32", [2, 8])])
        {
            long[]? written = tensor == name ? shape : size;
            if (written is not null) layer.Add<uint>($"up.{tensor}", tensor == name ? type! : usual, written, new uint[written.Aggregate((a, b) => a * b)]);
        }

        Assert.Equal($"model.safetensors: tensor 'up.{name}' {refusal}", Refusal(layer, Awq, columns: 64));
    }

    [Theory]
    [InlineData(12, 32, "holds 8 numbers in each word; 12 outputs can't be stored so.")]
    [InlineData(8, 48, "has 48 inputs; a multiple of 32 is expected.")]
    public void A_size_that_AWQ_cannot_have_is_named(int rows, int columns, string refusal)
    {
        SafetensorsWriter layer = new();
        layer.Add<uint>("up.qweight", "I32", [columns, 1], new uint[columns]);
        layer.Add<uint>("up.qzeros", "I32", [1, 1], new uint[1]);
        layer.Add<float>("up.scales", "F32", [1, rows], new float[rows]);
        Assert.Equal($"model.safetensors: tensor 'up.qweight' {refusal}", Refusal(layer, Awq, rows, columns));
    }

    [Theory]
    [InlineData("\"bits\": 4", "\"bits\": 3", "'quantization_config.bits' is 3; 4 or 8 is expected.")]
    [InlineData("gptq_v2", "marlin", "'quantization_config.checkpoint_format' is \"marlin\"; \"gptq\" or \"gptq_v2\" is expected.")]
    [InlineData("false", "true", "'quantization_config.is_marlin_format' is true; false is expected.")]
    [InlineData("\"bits\": 4", "\"bits\": \"4\"", "'quantization_config.bits' is \"4\"; a whole number of 32 bits is expected.")]
    public void Settings_of_GPTQ_that_are_not_read_are_named(string setting, string other, string refusal) =>
        Assert.Equal($"config.json: {refusal}", Refusal(new(), Gptq.Replace(setting, other)));

    [Theory]
    [InlineData(new[] { 0, 1 }, null)]
    [InlineData(new[] { 1, 0 }, null)]
    [InlineData(new[] { 0, 2 }, "has 2 at 32; groups from 0 to 1 are expected.")]
    [InlineData(new[] { -1, 0 }, "has -1 at 0; groups from 0 to 1 are expected.")]
    [InlineData(new[] { 0, 1, 0 }, "is [96]; config.json asks for [64].")]
    public void Groups_of_inputs_are_read_within_their_bounds(int[] groupOfRun, string? refusal) =>
        CheckGroups([.. groupOfRun.SelectMany(group => Enumerable.Repeat(group, 32))], refusal);

    [Fact]
    public void Groups_of_scattered_inputs_are_refused() => CheckGroups(
        [.. Enumerable.Range(0, 64).Select(input => input % 2)],
        "has inputs of several groups within 32 (at 1), as quantising with desc_act makes them; only groups of neighbouring inputs are read.");

    [Fact]
    public void Codes_of_8_bits_that_are_not_symmetric_are_refused()
    {
        SafetensorsWriter layer = new();
        layer.Add<uint>("up.qweight", "I32", [8, 8], new uint[64]);
        layer.Add<uint>("up.qzeros", "I32", [1, 2], [0x80808080, 0x80818080]);
        layer.Add<float>("up.scales", "F32", [1, 8], new float[8]);
        Assert.Equal("model.safetensors: tensor 'up.qzeros' holds other zero points than 128; 8-bit codes are read if they are symmetric.", Refusal(layer, Gptq.Replace("4,", "8,")));
    }

    private static void CheckGroups(int[] groups, string? refusal)
    {
        SafetensorsWriter layer = new();
        layer.Add<uint>("up.qweight", "I32", [8, 8], new uint[64]);
        layer.Add<uint>("up.qzeros", "I32", [2, 1], [0x11111111, 0x11111111]);
        layer.Add<float>("up.scales", "F32", [2, 8], [.. Enumerable.Range(0, 16).Select(i => i < 8 ? 1f : 2f)]);
        layer.Add<int>("up.g_idx", "I32", [groups.Length], groups);
        if (refusal is not null) Assert.Equal($"model.safetensors: tensor 'up.g_idx' {refusal}", Refusal(layer, Gptq, columns: 64));
        else Assert.Equal([.. Enumerable.Repeat(groups.Select(group => -1f * (group + 1)), 8).SelectMany(row => row)], QuantizedLayer.Values(layer, Gptq, 8, 64));
    }

    private static string Refusal(SafetensorsWriter layer, string quantization, int rows = 8, int columns = 32) => QuantizedLayer.Refusal(layer, quantization, rows, columns);
}
