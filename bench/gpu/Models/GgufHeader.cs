using System.Text;
using Folio.Compute;

namespace Folio.GpuBench;

/// <summary>The head of a GGUF file: metadata, and where tensors lie in the data behind it.</summary>
internal sealed class GgufHeader
{
    public const int Alignment = 32;
    private readonly List<byte> _pairs = [];
    private readonly List<byte> _tensors = [];
    private int _pairCount, _tensorCount;

    /// <summary>Bytes of the data so far.</summary>
    public long DataBytes { get; private set; }

    public void Pair(string key, string value) => Pair(key, type: 8, Text(value));

    public void Pair(string key, int value) => Pair(key, type: 4, BitConverter.GetBytes(value));

    public void Pair(string key, float value) => Pair(key, type: 6, BitConverter.GetBytes(value));

    /// <param name="shape">Outermost first.</param>
    public void Tensor(string name, DType type, params ReadOnlySpan<int> shape)
    {
        _tensorCount++;
        _tensors.AddRange(Text(name));
        _tensors.AddRange(BitConverter.GetBytes(shape.Length));
        long values = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            _tensors.AddRange(BitConverter.GetBytes((long)shape[i]));
            values *= shape[i];
        }

        _tensors.AddRange(BitConverter.GetBytes(NumberOf(type)));
        _tensors.AddRange(BitConverter.GetBytes(DataBytes));
        Skip(DataBytes + values / QuantizedBlocks.BlockSize(type) * QuantizedBlocks.BlockBytes(type));
    }

    /// <summary>The data goes on at the next multiple of the alignment from here.</summary>
    public void Skip(long offset) => DataBytes = (offset + Alignment - 1) / Alignment * Alignment;

    /// <param name="dataMultiple">The data begins at a multiple of this.</param>
    public byte[] ToBytes(int dataMultiple)
    {
        List<byte> bytes = [.. "GGUF"u8, .. BitConverter.GetBytes(3), .. BitConverter.GetBytes((long)_tensorCount), .. BitConverter.GetBytes(_pairCount + 1L), .. _pairs];
        string filling = "general.description"; // long enough for the data to begin where it should
        int taken = bytes.Count + _tensors.Count + sizeof(long) + filling.Length + sizeof(int) + sizeof(long), padding = (dataMultiple - taken % dataMultiple) % dataMultiple;
        return [.. bytes, .. Text(filling), .. BitConverter.GetBytes(8), .. Text(new string(' ', padding)), .. _tensors];
    }

    private void Pair(string key, int type, ReadOnlySpan<byte> value)
    {
        _pairCount++;
        _pairs.AddRange(Text(key));
        _pairs.AddRange(BitConverter.GetBytes(type));
        _pairs.AddRange(value);
    }

    private static byte[] Text(string text) => [.. BitConverter.GetBytes((long)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    /// <summary>ggml_type.</summary>
    private static int NumberOf(DType type) => type switch
    {
        DType.F32 => 0,
        DType.F16 => 1,
        DType.Q4_0 => 2,
        DType.Q8_0 => 8,
        DType.Q4_K => 12,
        DType.BF16 => 30,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "models are made in types that people serve"),
    };
}
