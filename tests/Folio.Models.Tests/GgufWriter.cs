using System.Runtime.InteropServices;
using System.Text;

namespace Folio.Models.Tests;

/// <summary>Writes GGUF version 3 with fp32 tensors, as docs/gguf.md of the ggml project has it.</summary>
internal sealed class GgufWriter(string architecture)
{
    private const int Alignment = 32;

    private readonly List<(string Key, object Value)> _metadata = [("general.architecture", architecture)];
    private readonly List<(string Name, long[] Shape, float[] Values)> _tensors = [];

    /// <param name="key">Without the architecture's name in front.</param>
    /// <param name="value">string, int or float.</param>
    public void Set(string key, object value) => _metadata.Add(($"{architecture}.{key}", value));

    /// <param name="shape">Outermost dimension first; GGUF stores the reverse.</param>
    public void Add(string name, long[] shape, float[] values) => _tensors.Add((name, shape, values));

    public void Save(string path)
    {
        using BinaryWriter file = new(File.Create(path));
        file.Write("GGUF"u8);
        file.Write(3);
        file.Write((ulong)_tensors.Count);
        file.Write((ulong)_metadata.Count);
        foreach ((string key, object value) in _metadata) WritePair(file, key, value);

        ulong offset = 0;
        foreach ((string name, long[] shape, float[] values) in _tensors)
        {
            WriteText(file, name);
            file.Write(shape.Length);
            foreach (long dimension in shape.Reverse()) file.Write(dimension);
            file.Write(0); // F32
            file.Write(offset);
            offset += (ulong)(values.Length * sizeof(float) + Alignment - 1) / Alignment * Alignment;
        }

        foreach ((_, _, float[] values) in _tensors)
        {
            Pad(file);
            file.Write(MemoryMarshal.AsBytes(values.AsSpan()));
        }

        Pad(file);
    }

    private static void WritePair(BinaryWriter file, string key, object value)
    {
        WriteText(file, key);
        switch (value)
        {
            case int number: file.Write(4); file.Write(number); break;
            case float number: file.Write(6); file.Write(number); break;
            case string text: file.Write(8); WriteText(file, text); break;
            default: throw new ArgumentException($"{value} can't be written");
        }
    }

    private static void WriteText(BinaryWriter file, string text)
    {
        file.Write((ulong)Encoding.UTF8.GetByteCount(text));
        file.Write(Encoding.UTF8.GetBytes(text));
    }

    private static void Pad(BinaryWriter file)
    {
        while (file.BaseStream.Position % Alignment != 0) file.Write((byte)0);
    }
}
