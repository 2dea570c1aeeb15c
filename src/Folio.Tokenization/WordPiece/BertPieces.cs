using Folio.Tokenization.PreTokenizing;

namespace Folio.Tokenization.WordPiece;

/// <summary>How BERT's tokenizer splits a text into words: at white space, and every mark of punctuation is a word.</summary>
internal static class BertPieces
{
    /// <summary>ASCII's marks, its symbols among them, and Unicode's punctuation.</summary>
    private const string Punctuation = @"[!-/:-@\[-`{-~\p{P}]";

    public static Splitter[] Splitters() => [new(@"\s+", SplitBehavior.Removed), new(Punctuation)];
}
