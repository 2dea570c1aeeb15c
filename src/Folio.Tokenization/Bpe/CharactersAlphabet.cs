using System.Globalization;
using System.Text;

namespace Folio.Tokenization.Bpe;

/// <summary>SentencePiece BPE: a symbol for each character; one that the vocabulary lacks falls back to byte tokens, or to the unknown token.</summary>
internal sealed class CharactersAlphabet : Alphabet
{
    private const int StackBytes = 512;

    private readonly Vocabulary _vocabulary;
    private readonly Dictionary<int, int> _symbolOfRune = [];
    private readonly int[] _symbolOfAscii = new int[128];
    private readonly int[]? _byteTokens;        // [256], null where the vocabulary does not fall back to bytes
    private readonly int _unknown;              // -1 where there is none
    private readonly bool _fuseUnknown;

    /// <param name="vocabulary">The vocabulary.</param>
    /// <param name="byteFallback">Characters that are no token become <c>&lt;0x…&gt;</c> tokens.</param>
    /// <param name="unknown">The token for the rest, or -1.</param>
    /// <param name="fuseUnknown">Neighbouring unknown characters become one token.</param>
    /// <param name="extra">Symbols beyond the vocabulary for characters that only occur inside tokens, by code point.</param>
    public CharactersAlphabet(Vocabulary vocabulary, bool byteFallback, int unknown, bool fuseUnknown, IReadOnlyDictionary<int, int>? extra = null)
    {
        (_vocabulary, _unknown, _fuseUnknown) = (vocabulary, unknown, fuseUnknown);
        for (int id = 0; id < vocabulary.Size; id++)
        {
            ReadOnlySpan<byte> piece = vocabulary.Special.Contains(id) ? default : vocabulary.Piece(id);
            if (piece.Length is > 0 and <= 4 && Rune.DecodeFromUtf8(piece, out Rune rune, out int length) == System.Buffers.OperationStatus.Done && length == piece.Length)
                _symbolOfRune[rune.Value] = id;
        }

        foreach ((int rune, int symbol) in extra ?? new Dictionary<int, int>()) _symbolOfRune.TryAdd(rune, symbol);
        for (int c = 0; c < 128; c++) _symbolOfAscii[c] = _symbolOfRune.GetValueOrDefault(c, -1);
        if (byteFallback) _byteTokens = FindByteTokens(vocabulary);
    }

    public override int ToSymbols(ReadOnlySpan<char> piece, Span<int> symbols)
    {
        int count = 0;
        bool afterUnknown = false;
        for (int i = 0; i < piece.Length;)
        {
            int symbol;
            Rune rune;
            if (piece[i] < 128 && _symbolOfAscii[piece[i]] >= 0)
            {
                symbols[count++] = _symbolOfAscii[piece[i++]];
                afterUnknown = false;
                continue;
            }

            Rune.DecodeFromUtf16(piece[i..], out rune, out int length);
            i += length;
            if (_symbolOfRune.TryGetValue(rune.Value, out symbol))
            {
                symbols[count++] = symbol;
                afterUnknown = false;
            }
            else if (TryWriteBytes(rune, symbols[count..], out int written))
            {
                count += written;
                afterUnknown = false;
            }
            else if (_unknown >= 0)
            {
                if (!afterUnknown || !_fuseUnknown) symbols[count++] = _unknown;
                afterUnknown = true;
            }
        }

        return count;
    }

    public override int FindWhole(ReadOnlySpan<char> piece)
    {
        if (piece.Length * 3 > StackBytes) return -1;
        Span<byte> bytes = stackalloc byte[StackBytes];
        return _vocabulary.FindOrdinary(bytes[..Encoding.UTF8.GetBytes(piece, bytes)]);
    }

    /// <summary>The byte that a piece such as <c>&lt;0x0A&gt;</c> stands for, or -1.</summary>
    public static int ByteOf(ReadOnlySpan<byte> piece) =>
        piece.Length == 6 && piece.StartsWith("<0x"u8) && piece[5] == '>' && byte.TryParse(piece[3..5], NumberStyles.AllowHexSpecifier, null, out byte value) ? value : -1;

    /// <summary>The byte tokens of a character, if the vocabulary has them all.</summary>
    private bool TryWriteBytes(Rune rune, Span<int> symbols, out int written)
    {
        written = 0;
        if (_byteTokens is null) return false;
        Span<byte> bytes = stackalloc byte[4];
        int length = rune.EncodeToUtf8(bytes);
        for (int i = 0; i < length; i++)
        {
            int token = _byteTokens[bytes[i]];
            if (token < 0) return false;
            symbols[written++] = token;
        }

        return true;
    }

    private static int[] FindByteTokens(Vocabulary vocabulary)
    {
        int[] tokens = new int[256];
        for (int b = 0; b < 256; b++) tokens[b] = vocabulary.Find($"<0x{b:X2}>");
        return tokens;
    }
}
