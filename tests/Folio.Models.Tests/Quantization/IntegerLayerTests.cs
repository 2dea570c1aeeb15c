namespace Folio.Models.Tests;

/// <summary>Layers as the quantisers' own code has packed them: code(output, input) = (7 input + 3 output + output · input) mod 16, zero(output) = (5 output + 1) mod 16, scale(output) = (output + 1) / 64.</summary>
public class IntegerLayerTests
{
    private const int Rows = 8, Columns = 32;

    private static readonly float[] s_values = [.. Enumerable.Range(0, Rows * Columns).Select(i => (Code(i / Columns, i % Columns) - Zero(i / Columns)) * Scale(i / Columns))];

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
        Assert.Equal(s_values, Values(layer, """{ "quant_method": "awq", "bits": 4, "group_size": 32, "version": "gemm" }"""));
    }

    private static Half[] Scales => [.. Enumerable.Range(0, Rows).Select(output => (Half)Scale(output))];

    private static int Code(int output, int input) => (7 * input + 3 * output + output * input) % 16;

    private static int Zero(int output) => (5 * output + 1) % 16;

    private static float Scale(int output) => (output + 1) / 64f;

    private static uint[] Words(string text) => [.. text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Select(word => Convert.ToUInt32(word, 16))];

    private static float[] Values(SafetensorsWriter layer, string quantization) => QuantizedLayer.Values(layer, quantization, Rows, Columns);
}
