using System.Text;

namespace Folio.Tokenization.WordPiece;

/// <summary>Encodes words by the longest piece that each remainder begins with; one that can't be spelt so is the unknown token, whole.</summary>
/// <param name="vocabulary">The pieces; those inside a word begin with <paramref name="prefix"/>.</param>
/// <param name="prefix">The mark of such a piece: ##.</param>
/// <param name="unknown">The unknown token's id.</param>
/// <param name="longestWord">A word of more characters is unknown.</param>
internal sealed class WordPieceModel(Vocabulary vocabulary, string prefix, int unknown, int longestWord) : PieceModel
{
    /// <summary>What files mean that don't say.</summary>
    public const string UsualPrefix = "##";

    public const int UsualLongestWord = 100;

    private const int StackBytes = 512;

    private readonly byte[] _prefix = Encoding.UTF8.GetBytes(prefix);
    private readonly int _longestPiece = LongestOf(vocabulary); // bytes: what is longer need not be looked for

    protected override void EncodeNew(ReadOnlySpan<char> piece, List<int> ids)
    {
        int before = ids.Count;
        if (IsTooLong(piece) || !TryEncode(piece, ids))
        {
            ids.RemoveRange(before, ids.Count - before);
            ids.Add(unknown);
        }
    }

    /// <remarks>The word's bytes stand behind room for a prefix. A later piece's prefix is written over bytes that earlier pieces have taken.</remarks>
    private bool TryEncode(ReadOnlySpan<char> word, List<int> ids)
    {
        int room = _prefix.Length, most = room + Encoding.UTF8.GetMaxByteCount(word.Length);
        Span<byte> text = most <= StackBytes ? stackalloc byte[StackBytes] : new byte[most];
        text = text[..(room + Encoding.UTF8.GetBytes(word, text[room..]))];
        for (int start = room; start < text.Length;)
        {
            bool isFirst = start == room;
            if (!isFirst) _prefix.CopyTo(text[(start - room)..]);
            int from = isFirst ? start : start - room, end = Math.Min(text.Length, from + _longestPiece), id = -1;
            while (end > start && (IsInsideCharacter(text, end) || (id = vocabulary.Find(text[from..end])) < 0)) end--;
            if (id < 0) return false;
            ids.Add(id);
            start = end;
        }

        return true;
    }

    private static bool IsInsideCharacter(ReadOnlySpan<byte> text, int position) => position < text.Length && (text[position] & 0xC0) == 0x80;

    private bool IsTooLong(ReadOnlySpan<char> word)
    {
        if (word.Length <= longestWord) return false;
        int characters = 0;
        foreach (Rune _ in word.EnumerateRunes())
        {
            if (++characters > longestWord) return true;
        }

        return false;
    }

    private static int LongestOf(Vocabulary vocabulary)
    {
        int longest = 0;
        for (int id = 0; id < vocabulary.Size; id++) longest = Math.Max(longest, vocabulary.Piece(id).Length);
        return longest;
    }
}
