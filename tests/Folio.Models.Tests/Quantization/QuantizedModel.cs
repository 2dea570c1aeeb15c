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
            if (tensor.Name.EndsWith("_proj.weight")) values = quantizer(quantized, tensor.Name[..^".weight".Length], values, (int)shape[0], (int)shape[1]);
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

    private static void Save(string folder, JsonObject config, SafetensorsWriter tensors)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(System.IO.Path.Combine(folder, "config.json"), config.ToJsonString());
        File.WriteAllBytes(System.IO.Path.Combine(folder, "model.safetensors"), tensors.ToArray());
    }
}
