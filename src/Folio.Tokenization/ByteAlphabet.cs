namespace Folio.Tokenization;

/// <summary>GPT-2's way to write any byte as a printable character: byte-level vocabularies are written in this alphabet.</summary>
/// <remarks>Printable Latin-1 characters stand for themselves, the other 68 bytes for U+0100 and up (GPT-2's bytes_to_unicode).</remarks>
internal static class ByteAlphabet
{
    private const int Size = 0x144;

    /// <summary>[256] the character of each byte.</summary>
    public static readonly char[] CharOfByte = new char[256];

    /// <summary>[0x144] the byte of each character, -1 where it stands for none.</summary>
    private static readonly short[] ByteOfChar = new short[Size];

    static ByteAlphabet()
    {
        Array.Fill(ByteOfChar, (short)-1);
        int next = 0x100;
        for (int b = 0; b < 256; b++)
        {
            bool printable = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            CharOfByte[b] = (char)(printable ? b : next++);
            ByteOfChar[CharOfByte[b]] = (short)b;
        }
    }

    /// <summary>Writes bytes in the alphabet, as UTF-8; <paramref name="written"/> has room for two bytes each.</summary>
    public static int Write(ReadOnlySpan<byte> bytes, Span<byte> written)
    {
        int length = 0;
        foreach (byte b in bytes)
        {
            char c = CharOfByte[b];
            if (c < 0x80)
            {
                written[length++] = (byte)c;
                continue;
            }

            written[length++] = (byte)(0xC0 | (c >> 6));
            written[length++] = (byte)(0x80 | (c & 0x3F));
        }

        return length;
    }

    /// <summary>Reads a piece written in the alphabet; one that has any other character stands for its own UTF-8 (added tokens).</summary>
    public static byte[] Read(ReadOnlySpan<byte> piece)
    {
        byte[] bytes = new byte[piece.Length];
        int length = 0;
        for (int i = 0; i < piece.Length; i++)
        {
            int c = piece[i];
            if (c >= 0x80)
            {
                // Two-byte characters reach U+07FF, more than the alphabet uses.
                if ((c & 0xE0) != 0xC0 || i + 1 == piece.Length) return piece.ToArray();
                c = ((c & 0x1F) << 6) | (piece[++i] & 0x3F);
            }

            if (c >= Size || ByteOfChar[c] < 0) return piece.ToArray();
            bytes[length++] = (byte)ByteOfChar[c];
        }

        return bytes[..length];
    }
}
