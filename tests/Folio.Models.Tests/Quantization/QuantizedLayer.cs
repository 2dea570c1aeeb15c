using System.Text;
using Folio.Compute;
using Folio.Formats;

namespace Folio.Models.Tests;

/// <summary>What a backend is given of a layer "up".</summary>
internal static unsafe class QuantizedLayer
{
    /// <param name="quantization">"quantization_config" of its config.json.</param>
    /// <returns>[rows, columns]</returns>
    public static float[] Values(SafetensorsWriter tensors, string quantization, int rows, int columns)
    {
        ModelConfig config = ModelConfig.Parse(Encoding.UTF8.GetBytes($$"""{ "quantization_config": {{quantization}} }"""));
        byte[] bytes = tensors.ToArray();
        fixed (byte* data = bytes)
        {
            using SafetensorsFile file = SafetensorsFile.FromMemory(data, bytes.Length, "model.safetensors");
            WeightSource source = WeightQuantization.Of(config)!.Find(file, "up", rows, columns)!.Source;
            byte[] blocks = new byte[source.Bytes];
            fixed (byte* to = blocks) source.Reader!.Read(0, rows, to);
            float[] values = new float[rows * columns];
            QuantizedBlocks.Dequantize(source.Type, blocks, values);
            return values;
        }
    }

    /// <summary>The message with which a layer, or its config, is refused.</summary>
    public static string Refusal(SafetensorsWriter tensors, string quantization, int rows, int columns) =>
        Assert.Throws<ModelFormatException>(() => Values(tensors, quantization, rows, columns)).Message;
}
