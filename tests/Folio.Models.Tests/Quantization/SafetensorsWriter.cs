using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace Folio.Models.Tests;

/// <summary>Writes a safetensors file: tensors of any type, as bytes.</summary>
internal sealed class SafetensorsWriter
{
    private readonly JsonObject _header = [];
    private readonly List<byte> _data = [];

    public void Add<T>(string name, string type, long[] shape, ReadOnlySpan<T> values) where T : unmanaged
    {
        int begin = _data.Count;
        _data.AddRange(MemoryMarshal.AsBytes(values));
        _header[name] = new JsonObject { ["dtype"] = type, ["shape"] = new JsonArray([.. shape.Select(dimension => (JsonNode)dimension)]), ["data_offsets"] = new JsonArray(begin, _data.Count) };
    }

    public byte[] ToArray()
    {
        byte[] header = System.Text.Encoding.UTF8.GetBytes(_header.ToJsonString());
        return [.. BitConverter.GetBytes((ulong)header.Length), .. header, .. _data];
    }
}
