using System.Text;

namespace Folio.Formats.Tests;

/// <summary>Writes GGUF files; counts, offsets and sizes are what the test says, true or not.</summary>
internal sealed class GgufWriter
{
    private readonly List<byte[]> _pairs = [];
    private readonly List<byte[]> _tensors = [];

    public string Magic { get; init; } = "GGUF";
    public uint Version { get; init; } = 3;
    public ulong? TensorCount { get; init; }
    public ulong? PairCount { get; init; }
    public int Alignment { get; init; } = 32;
    public int DataBytes { get; init; }

    public GgufWriter Pair(string key, uint type, params byte[] value)
    {
        _pairs.Add([.. Text(key), .. BitConverter.GetBytes(type), .. value]);
        return this;
    }

    public GgufWriter Pair(string key, string value) => Pair(key, 8, Text(value));

    public GgufWriter Pair(string key, uint value) => Pair(key, 4, BitConverter.GetBytes(value));

    public GgufWriter Pair(string key, float value) => Pair(key, 6, BitConverter.GetBytes(value));

    public GgufWriter Pair(string key, bool value) => Pair(key, 7, value ? (byte)1 : (byte)0);

    public GgufWriter Texts(string key, params string[] values) => Pair(key, 9, [.. ArrayHead(8, (ulong)values.Length), .. values.SelectMany(Text)]);

    public GgufWriter Ints(string key, params int[] values) => Pair(key, 9, [.. ArrayHead(5, (ulong)values.Length), .. values.SelectMany(BitConverter.GetBytes)]);

    /// <param name="dimensions">Innermost first, as the file has it.</param>
    public GgufWriter Tensor(string name, uint type, ulong offset, params ulong[] dimensions)
    {
        _tensors.Add([.. Text(name), .. BitConverter.GetBytes(dimensions.Length), .. dimensions.SelectMany(BitConverter.GetBytes), .. BitConverter.GetBytes(type), .. BitConverter.GetBytes(offset)]);
        return this;
    }

    public byte[] ToBytes()
    {
        List<byte> bytes =
        [
            .. Encoding.ASCII.GetBytes(Magic), .. BitConverter.GetBytes(Version),
            .. BitConverter.GetBytes(TensorCount ?? (ulong)_tensors.Count), .. BitConverter.GetBytes(PairCount ?? (ulong)_pairs.Count),
        ];
        foreach (byte[] pair in _pairs) bytes.AddRange(pair);
        foreach (byte[] tensor in _tensors) bytes.AddRange(tensor);
        while (bytes.Count % Alignment != 0) bytes.Add(0);
        for (int i = 0; i < DataBytes; i++) bytes.Add((byte)i);
        return [.. bytes];
    }

    public static byte[] Text(string text) => [.. BitConverter.GetBytes((ulong)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    public static byte[] ArrayHead(uint type, ulong count) => [.. BitConverter.GetBytes(type), .. BitConverter.GetBytes(count)];
}
