namespace Folio.Models.Tests;

/// <summary>Layers as the quantisers' own code has packed them: eight outputs of formulas, with scales of (output + 1) / 64.</summary>
public class IntegerLayerTests
{
    private const int Rows = 8, Columns = 32;

    /// <remarks>Packed by AutoAWQ 0.2.9 (WQLinear_GEMM.from_linear): the first word of each row.</remarks>
    [Fact]
    public void A_layer_packed_by_AutoAWQ_is_read()
    {
        const string codes = """
            5F932C60 3B3BF7F7 17D3C28E F37B9D15 DF1368AC BBBB3333 97530ECA 73FBD951 5F93A4E8 3B3B7F7F 17D34A06 F37B159D DF13E024 BBBBBBBB 97538642 73FB51D9
            5F932C60 3B3BF7F7 17D3C28E F37B9D15 DF1368AC BBBB3333 97530ECA 73FBD951 5F93A4E8 3B3B7F7F 17D34A06 F37B159D DF13E024 BBBBBBBB 97538642 73FB51D9
            """;
        SafetensorsWriter layer = new();
        layer.Add<uint>("up.qweight", "I32", [32, 1], Words(codes));
        layer.Add<uint>("up.qzeros", "I32", [1, 1], Words("4A06F5B1"));
        layer.Add<Half>("up.scales", "F16", [1, 8], Scales);
        Assert.Equal(Expected(output => (5 * output + 1) % 16), Values(layer, """{ "quant_method": "awq", "bits": 4, "group_size": 32, "version": "gemm" }"""));
    }

    /// <remarks>Packed by AutoGPTQ 0.7.1 (QuantLinear.pack of its qlinear_cuda): the first eight words of each row. Zero points are less one; none may be 0.</remarks>
    [Theory]
    [InlineData("gptq", "3E947A50"), InlineData("gptq_v2", "4FA58B61")]
    public void A_layer_packed_by_AutoGPTQ_is_read(string format, string zeros)
    {
        const string codes = """
            1A3C5E70 B3B3B3B3 5C3A18F6 F5B17D39 9E38D27C 37BF37BF D0369CF2 79BDF135 92B4D6F8 B3B3B3B3 D4B2907E F5B17D39 16B05AF4 37BF37BF 58BE147A 79BDF135
            1A3C5E70 B3B3B3B3 5C3A18F6 F5B17D39 9E38D27C 37BF37BF D0369CF2 79BDF135 92B4D6F8 B3B3B3B3 D4B2907E F5B17D39 16B05AF4 37BF37BF 58BE147A 79BDF135
            """;
        SafetensorsWriter layer = new();
        layer.Add<uint>("up.qweight", "I32", [4, 8], Words(codes));
        layer.Add<uint>("up.qzeros", "I32", [1, 1], Words(zeros));
        layer.Add<Half>("up.scales", "F16", [1, 8], Scales);
        Assert.Equal(Expected(output => output == 3 ? 8 : (5 * output + 1) % 16), Values(layer, $$"""{ "quant_method": "gptq", "bits": 4, "group_size": 32, "checkpoint_format": "{{format}}" }"""));
    }

    /// <remarks>Packed by AutoGPTQ 0.7.1, as above: code(output, input) = (37 input + 11 output + 5 output · input) mod 256, all zero points 128.</remarks>
    [Fact]
    public void A_layer_of_8_bits_packed_by_AutoGPTQ_is_read()
    {
        const string codes = """
            6F4A2500 895F350B A3744516 BD895521 D79E652C F1B37537 0BC88542 25DD954D 03DEB994 3107DDB3 5F3001D2 8D5925F1 BB824910 E9AB6D2F 17D4914E 45FDB56D
            97724D28 D9AF855B 1BECBD8E 5D29F5C1 9F662DF4 E1A36527 23E09D5A 651DD58D 2B06E1BC 81572D03 D7A8794A 2DF9C591 834A11D8 D99B5D1F 2FECA966 853DF5AD
            BF9A7550 29FFD5AB 93643506 FDC99561 672EF5BC D1935517 3BF8B572 A55D15CD 532E09E4 D1A77D53 4F20F1C2 CD996531 4B12D9A0 C98B4D0F 4704C17E C57D35ED
            E7C29D78 794F25FB 0BDCAD7E 9D693501 2FF6BD84 C1834507 5310CD8A E59D550D 7B56310C 21F7CDA3 C798693A 6D3905D1 13DAA168 B97B3DFF 5F1CD996 05BD752D
            """;
        SafetensorsWriter layer = new();
        layer.Add<uint>("up.qweight", "I32", [8, 8], Words(codes));
        layer.Add<uint>("up.qzeros", "I32", [1, 2], Words("7F7F7F7F 7F7F7F7F"));
        layer.Add<Half>("up.scales", "F16", [1, 8], Scales);
        float[] expected = [.. Enumerable.Range(0, Rows * Columns).Select(i => (i / Columns, i % Columns)).Select(at => ((37 * at.Item2 + 11 * at.Item1 + 5 * at.Item1 * at.Item2) % 256 - 128) * Scale(at.Item1))];
        Assert.Equal(expected, Values(layer, """{ "quant_method": "gptq", "bits": 8, "group_size": 32 }"""));
    }

    /// <remarks>Packed by compressed-tensors 0.12 (pack_to_int32), zero points along the outputs.</remarks>
    [Fact]
    public void A_layer_packed_by_compressed_tensors_is_read()
    {
        const string codes = """
            1A3C5E70 92B4D6F8 1A3C5E70 92B4D6F8 B3B3B3B3 B3B3B3B3 B3B3B3B3 B3B3B3B3 5C3A18F6 D4B2907E 5C3A18F6 D4B2907E F5B17D39 F5B17D39 F5B17D39 F5B17D39
            9E38D27C 16B05AF4 9E38D27C 16B05AF4 37BF37BF 37BF37BF 37BF37BF 37BF37BF D0369CF2 58BE147A D0369CF2 58BE147A 79BDF135 79BDF135 79BDF135 79BDF135
            """;
        SafetensorsWriter layer = new();
        layer.Add<uint>("up.weight_packed", "I32", [8, 4], Words(codes));
        layer.Add<uint>("up.weight_zero_point", "I32", [1, 1], Words("4FA50B61"));
        layer.Add<Half>("up.weight_scale", "F16", [8, 1], Scales);
        Assert.Equal(Expected(output => (5 * output + 1) % 16), Values(layer, """
            { "quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups": { "W4A16": { "weights": { "num_bits": 4, "type": "int", "symmetric": false, "strategy": "group", "group_size": 32 } } } }
            """));
    }

    private static Half[] Scales => [.. Enumerable.Range(0, Rows).Select(output => (Half)Scale(output))];

    private static float Scale(int output) => (output + 1) / 64f;

    /// <summary>code(output, input) = (7 input + 3 output + output · input) mod 16</summary>
    private static float[] Expected(Func<int, int> zero) => [.. Enumerable.Range(0, Rows * Columns).Select(i =>
    {
        (int output, int input) = (i / Columns, i % Columns);
        return ((7 * input + 3 * output + output * input) % 16 - zero(output)) * Scale(output);
    })];

    private static uint[] Words(string text) => [.. text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Select(word => Convert.ToUInt32(word, 16))];

    private static float[] Values(SafetensorsWriter layer, string quantization) => QuantizedLayer.Values(layer, quantization, Rows, Columns);
}
