using Folio.Tokenization.Bpe;

namespace Folio.Tokenization.PreTokenizing;

/// <summary>
/// SentencePiece texts are one piece each, which would make merging slow. Where no merge joins anything to the ▁ of a following word, splitting before it
/// gives the same tokens, and words are short and come again.
/// </summary>
internal static class WordBoundaries
{
    private static ReadOnlySpan<byte> Mark => "▁"u8;

    /// <summary>Marks and the word after them.</summary>
    public static Splitter NewSplitter() => new("▁+[^▁]*|[^▁]+");

    public static bool AreNeverJoined(Vocabulary vocabulary, MergeTable merges) =>
        vocabulary.Find(Mark) >= 0 && merges.Rules().All(rule => vocabulary.Piece(rule.Left).EndsWith(Mark) || !vocabulary.Piece(rule.Right).StartsWith(Mark));
}
