using System.Text;

namespace Folio.Grammars;

/// <summary>A tokenizer's tokens by their bytes: built once for a tokenizer, and shared by all grammars. Immutable.</summary>
/// <remarks>
/// Tokens of whole characters that stand in a JSON string as they are ("text tokens": most of a vocabulary) have a tree of their own, and bitmaps by their number of characters:
/// inside a string their masks are looked up instead of walked.
/// </remarks>
public sealed class TokenVocabulary
{
    private const int LongestText = 64;      // characters of a text token; a longer one counts among the others
    private const int LongestToken = 1 << 15;

    private readonly byte[]?[] _tokens;
    private readonly Func<string, int[]>? _encode;
    private readonly ulong[][] _textUpTo;    // [characters] the text tokens of so many characters or fewer

    /// <param name="tokens">[vocabulary] each token's bytes; null or empty: a token that no text has (a mark, an unused id).</param>
    /// <param name="encode">How the tokenizer splits a text that continues another, without special tokens; null: forced text is not split in advance.</param>
    /// <param name="marks">Ids without text that a grammar may name (<see cref="Grammar.Token"/>); null: none.</param>
    public TokenVocabulary(IReadOnlyList<byte[]?> tokens, Func<string, int[]>? encode = null, IEnumerable<int>? marks = null)
    {
        _encode = encode;
        _tokens = [.. tokens.Select(token => token is { Length: > 0 and < LongestToken } && !token.Contains(MarkBytes.Begin) ? token : null)];
        foreach (int mark in marks ?? []) _tokens[mark] = MarkBytes.Of(mark);
        var text = new List<int>();
        var others = new List<int>();
        var characters = new int[_tokens.Length];
        for (int id = 0; id < _tokens.Length; id++)
        {
            if (_tokens[id] is not { } bytes) continue;
            characters[id] = TextLength(bytes);
            (characters[id] is > 0 and <= LongestText ? text : others).Add(id);
        }

        int longest = text.Count == 0 ? 0 : text.Max(id => characters[id]);
        _textUpTo = new ulong[longest + 1][];
        for (int length = 0; length <= longest; length++) _textUpTo[length] = length == 0 ? new ulong[MaskWords] : [.. _textUpTo[length - 1]];
        foreach (int id in text)
        {
            for (int length = characters[id]; length <= longest; length++) _textUpTo[length][id >> 6] |= 1UL << (id & 63);
        }

        Text = TokenTrie.Build(_tokens, [.. text]);
        Others = TokenTrie.Build(_tokens, [.. others]);
    }

    /// <summary>Tokens, ids without text included.</summary>
    public int Size => _tokens.Length;

    /// <summary>Words of a mask: a bit for each token.</summary>
    public int MaskWords => (Size + 63) / 64;

    /// <summary>A token's bytes (of a mark, <see cref="MarkBytes"/>); none for a token that no text has.</summary>
    internal ReadOnlySpan<byte> Bytes(int token) => (uint)token < (uint)_tokens.Length ? _tokens[token] : default(ReadOnlySpan<byte>);

    /// <summary>The whole characters and marks of a text as the tokenizer splits them, up to where its tokens have another text (it normalises).</summary>
    internal int[] Split(ReadOnlySpan<byte> text)
    {
        List<int> tokens = [];
        for (int at = text.IndexOf(MarkBytes.Begin); at >= 0; at = text.IndexOf(MarkBytes.Begin))
        {
            int[] before = SplitText(text[..at]);
            tokens.AddRange(before);
            text = text[at..];
            if (text.Length < MarkBytes.Length || (at > 0 && before.Length == 0)) return [.. tokens];
            tokens.Add(MarkBytes.IdOf(text));
            text = text[MarkBytes.Length..];
        }

        return [.. tokens, .. SplitText(text)];
    }

    private int[] SplitText(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty && Rune.DecodeLastFromUtf8(text, out _, out _) != System.Buffers.OperationStatus.Done) text = text[..^1];
        if (text.IsEmpty || _encode is null) return [];
        int[] tokens = _encode(Encoding.UTF8.GetString(text));
        foreach (int token in tokens)
        {
            ReadOnlySpan<byte> bytes = Bytes(token);
            if (bytes.IsEmpty || !text.StartsWith(bytes)) return [];
            text = text[bytes.Length..];
        }

        return text.IsEmpty ? tokens : [];
    }

    internal TokenTrie Text { get; }

    internal TokenTrie Others { get; }

    /// <summary>Characters of the longest text token.</summary>
    internal int LongestTextToken => _textUpTo.Length - 1;

    internal ReadOnlySpan<ulong> TextUpTo(int characters) => _textUpTo[Math.Min(characters, LongestTextToken)];

    /// <returns>Characters of a text token; 0: it is none.</returns>
    private static int TextLength(ReadOnlySpan<byte> bytes)
    {
        int count = 0;
        for (; !bytes.IsEmpty; count++)
        {
            if (Rune.DecodeFromUtf8(bytes, out Rune rune, out int length) != System.Buffers.OperationStatus.Done || rune.Value is < 0x20 or '"' or '\\') return 0;
            bytes = bytes[length..];
        }

        return count;
    }
}
