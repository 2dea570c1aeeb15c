using System.Text;

namespace Folio.Tokenization.Tests;

/// <summary>The metadata of a GGUF file, read the simplest way: these tests must not depend on the code that reads models.</summary>
internal static class GgufMetadata
{
    public static GgufVocabulary ReadVocabulary(string path)
    {
        using var reader = new BinaryReader(File.OpenRead(path));
        Assert.Equal("GGUF"u8.ToArray(), reader.ReadBytes(4));
        Assert.InRange(reader.ReadUInt32(), 2u, 3u);
        reader.ReadUInt64();
        ulong count = reader.ReadUInt64();
        var values = new Dictionary<string, object>();
        for (ulong i = 0; i < count; i++) values[ReadString(reader)] = ReadValue(reader, reader.ReadUInt32());
        return new GgufVocabulary
        {
            FileName = Path.GetFileName(path),
            Model = (string)values["tokenizer.ggml.model"],
            Pre = values.GetValueOrDefault("tokenizer.ggml.pre") as string,
            Tokens = Items<string>("tokens")!,
            Scores = Items<float>("scores"),
            TokenTypes = Items<int>("token_type"),
            Merges = Items<string>("merges"),
            BosId = Id("bos"),
            EosId = Id("eos"),
            UnkId = Id("unknown"),
            AddBos = values.GetValueOrDefault("tokenizer.ggml.add_bos_token") as bool?,
            AddEos = values.GetValueOrDefault("tokenizer.ggml.add_eos_token") as bool?,
            AddSpacePrefix = values.GetValueOrDefault("tokenizer.ggml.add_space_prefix") as bool?,
        };

        T[]? Items<T>(string name) => values.TryGetValue("tokenizer.ggml." + name, out object? list) ? [.. ((object[])list).Cast<T>()] : null;
        int? Id(string name) => values.TryGetValue($"tokenizer.ggml.{name}_token_id", out object? id) ? Convert.ToInt32(id) : null;
    }

    private static object ReadValue(BinaryReader reader, uint type) => type switch
    {
        0 => reader.ReadByte(),
        1 => reader.ReadSByte(),
        2 => reader.ReadUInt16(),
        3 => reader.ReadInt16(),
        4 => reader.ReadUInt32(),
        5 => reader.ReadInt32(),
        6 => reader.ReadSingle(),
        7 => reader.ReadBoolean(),
        8 => ReadString(reader),
        9 => ReadArray(reader),
        10 => reader.ReadUInt64(),
        11 => reader.ReadInt64(),
        12 => reader.ReadDouble(),
        _ => throw new InvalidDataException($"metadata type {type}"),
    };

    private static object[] ReadArray(BinaryReader reader)
    {
        uint type = reader.ReadUInt32();
        object[] items = new object[reader.ReadUInt64()];
        for (int i = 0; i < items.Length; i++) items[i] = ReadValue(reader, type);
        return items;
    }

    private static string ReadString(BinaryReader reader) => Encoding.UTF8.GetString(reader.ReadBytes((int)reader.ReadUInt64()));
}
