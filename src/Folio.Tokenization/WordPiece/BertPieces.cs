namespace Folio.Tokenization.WordPiece;

/// <summary>How BERT's tokenizer splits a text into words: at white space, and every mark of punctuation is a word.</summary>
internal static class BertPieces
{
    public const string WhiteSpace = @"\s+";

    /// <summary>ASCII's marks, its symbols among them, and Unicode's punctuation.</summary>
    public const string Punctuation = @"[!-/:-@\[-`{-~\p{P}]";
}
