using System.Runtime.InteropServices;
using System.Text.Json;

namespace Folio.Models.Tests;

/// <summary>../shared/golden-later/bert: a tiny encoder and what Hugging Face transformers made of it (golden/README.md).</summary>
internal sealed class GoldenEncoder
{
    private readonly byte[] _tensors;
    private readonly JsonDocument _index;

    public GoldenEncoder(string name = "bert")
    {
        Folder = TestData.Shared("golden-later", name);
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "expected.json")));
        Tolerance = 20 * expected.RootElement.GetProperty("noise_floor").GetSingle();
        _tensors = File.ReadAllBytes(Path.Combine(Folder, "expected.safetensors"));
        _index = JsonDocument.Parse(_tensors.AsMemory(8, (int)BitConverter.ToUInt64(_tensors)));
        Cases = [.. expected.RootElement.GetProperty("cases").EnumerateArray().Index()
            .Where(item => item.Item.GetProperty("token_type_ids").EnumerateArray().All(type => type.GetInt32() == 0)) // the others are pairs of texts
            .Select(item => new EncoderCase(GoldenCase.Ints(item.Item.GetProperty("input_ids")), Read($"hidden.{item.Index}"), Read($"embedding.{item.Index}")))];
    }

    public string Folder { get; }

    public float Tolerance { get; }

    public IReadOnlyList<EncoderCase> Cases { get; }

    private float[] Read(string tensor)
    {
        JsonElement offsets = _index.RootElement.GetProperty(tensor).GetProperty("data_offsets");
        int start = 8 + (int)BitConverter.ToUInt64(_tensors), from = offsets[0].GetInt32(), to = offsets[1].GetInt32();
        return MemoryMarshal.Cast<byte, float>(_tensors.AsSpan(start + from, to - from)).ToArray();
    }
}

/// <param name="Hidden">[tokens, hidden size] the last states.</param>
/// <param name="Embedding">[hidden size] their mean, its length 1.</param>
internal sealed record EncoderCase(int[] Ids, float[] Hidden, float[] Embedding);
