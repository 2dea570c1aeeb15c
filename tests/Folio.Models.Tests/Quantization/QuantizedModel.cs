using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Folio.Formats;

namespace Folio.Models.Tests;

/// <summary>A golden model whose linear layers are quantised, and one that has their values as fp32.</summary>
internal sealed unsafe class QuantizedModel : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("folio-quantized-").FullName;

    public QuantizedModel(string golden, JsonObject config, Quantizer quantizer)
    {
        string folder = TestData.Shared("golden", golden);
        JsonObject model = JsonNode.Parse(File.ReadAllText(System.IO.Path.Combine(folder, "config.json")))!.AsObject();
        SafetensorsWriter quantized = new(), plain = new();
        using SafetensorsFile file = SafetensorsFile.OpenFolder(folder);
        foreach (StoredTensor tensor in file.Tensors)
        {
            float[] values = MemoryMarshal.Cast<byte, float>(new ReadOnlySpan<byte>(tensor.Data, (int)tensor.Bytes)).ToArray();
            long[] shape = [.. tensor.Shape];
            string layer = tensor.Name[..^Math.Min(tensor.Name.Length, ".weight".Length)];
            if (IsTurned(tensor)) values = Turned(quantizer(quantized, layer, Turned(values, (int)shape[1]), (int)shape[1], (int)shape[0]), (int)shape[0]);
            else if (layer.EndsWith("_proj")) values = quantizer(quantized, layer, values, (int)shape[0], (int)shape[1]);
            else quantized.Add<float>(tensor.Name, "F32", shape, values);
            plain.Add<float>(tensor.Name, "F32", shape, values);
        }

        Save(Plain, model, plain);
        model["quantization_config"] = config;
        Save(Path, model, quantized);
    }

    public string Path => System.IO.Path.Combine(_folder, "quantized");

    public string Plain => System.IO.Path.Combine(_folder, "plain");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>GPT-2's matrices, stored as [inputs, outputs]: quantisers store their outputs and inputs as everybody's.</summary>
    private static bool IsTurned(StoredTensor tensor) => tensor.Name.EndsWith(".weight") && tensor.Name.Contains(".c_");

    private static float[] Turned(float[] values, int columns)
    {
        int rows = values.Length / columns;
        return [.. Enumerable.Range(0, values.Length).Select(i => values[i % rows * columns + i / rows])];
    }

    private static void Save(string folder, JsonObject config, SafetensorsWriter tensors)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(System.IO.Path.Combine(folder, "config.json"), config.ToJsonString());
        File.WriteAllBytes(System.IO.Path.Combine(folder, "model.safetensors"), tensors.ToArray());
    }
}
