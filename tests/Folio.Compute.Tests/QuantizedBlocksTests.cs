using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Folio.Compute.Tests;

public sealed class QuantizedBlocksTests
{
    public static TheoryData<DType> Types => [.. QuantizedBlocks.Types];

    [Theory, MemberData(nameof(Types))]
    public void Values_equal_those_of_the_gguf_package(DType type)
    {
        Dictionary<string, byte[]> golden = ReadSafetensors(TestData.Shared("golden", "quant-blocks.safetensors"));
        Assert.SkipUnless(golden.ContainsKey($"{type}.bytes"), $"{type} is not among the golden blocks");
        ReadOnlySpan<float> expected = MemoryMarshal.Cast<byte, float>(golden[$"{type}.values"]);
        var values = new float[expected.Length];
        QuantizedBlocks.Dequantize(type, golden[$"{type}.bytes"], values);

        for (int i = 0; i < values.Length; i++)
        {
            if (float.IsNaN(expected[i])) Assert.True(float.IsNaN(values[i]));
            else Assert.InRange(values[i], float.BitDecrement(expected[i]), float.BitIncrement(expected[i]));
        }
    }

    [Fact]
    public void Bytes_that_are_not_whole_blocks_are_refused()
    {
        Assert.Throws<ArgumentException>(() => QuantizedBlocks.Dequantize(DType.Q4_0, new byte[17], new float[32]));
        Assert.Throws<ArgumentException>(() => QuantizedBlocks.Dequantize(DType.Q4_0, new byte[18], new float[31]));
    }

    private static Dictionary<string, byte[]> ReadSafetensors(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        int header = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        using var json = JsonDocument.Parse(file.AsMemory(8, header));
        var tensors = new Dictionary<string, byte[]>();
        foreach (JsonProperty tensor in json.RootElement.EnumerateObject())
        {
            if (!tensor.Value.TryGetProperty("data_offsets", out JsonElement offsets)) continue;
            tensors[tensor.Name] = file[(8 + header + offsets[0].GetInt32())..(8 + header + offsets[1].GetInt32())];
        }

        return tensors;
    }
}
