using System.Buffers;
using System.Text;

namespace Folio.Tokenization.Bpe;

/// <summary>Byte-level BPE: a symbol for each byte of the UTF-8.</summary>
internal sealed class BytesAlphabet : Alphabet
{
    private const int StackBytes = 512;

    private readonly Vocabulary _vocabulary;
    private readonly int[] _symbolOfByte = new int[256];    // -1 where the vocabulary lacks the byte

    /// <param name="vocabulary">The vocabulary, written in the byte alphabet.</param>
    /// <param name="unknown">The token for bytes that it lacks; -1: they vanish.</param>
    public BytesAlphabet(Vocabulary vocabulary, int unknown = -1)
    {
        _vocabulary = vocabulary;
        Span<byte> piece = stackalloc byte[2];
        for (int b = 0; b < 256; b++)
        {
            int length = ByteAlphabet.Write([(byte)b], piece);
            int symbol = vocabulary.Find(piece[..length]);
            _symbolOfByte[b] = symbol >= 0 ? symbol : unknown;
        }
    }

    public override int ToSymbols(ReadOnlySpan<char> piece, Span<int> symbols)
    {
        byte[]? rented = null;
        Span<byte> bytes = piece.Length * 3 <= StackBytes ? stackalloc byte[StackBytes] : rented = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(piece.Length));
        int length = Encoding.UTF8.GetBytes(piece, bytes);
        int count = 0;
        foreach (byte b in bytes[..length])
        {
            int symbol = _symbolOfByte[b];
            if (symbol >= 0) symbols[count++] = symbol;
        }

        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        return count;
    }

    public override int FindWhole(ReadOnlySpan<char> piece)
    {
        if (piece.Length * 3 > StackBytes) return -1;
        Span<byte> bytes = stackalloc byte[StackBytes], written = stackalloc byte[StackBytes * 2];
        int length = Encoding.UTF8.GetBytes(piece, bytes);
        return _vocabulary.FindOrdinary(written[..ByteAlphabet.Write(bytes[..length], written)]);
    }
}
