namespace Folio.Tokenization.Bpe;

/// <summary>What merging starts from: a text as symbols, one or a few a character.</summary>
internal abstract class Alphabet
{
    /// <summary>No character of one UTF-16 code unit takes more symbols than its UTF-8 has bytes.</summary>
    public const int MostSymbolsPerChar = 3;

    /// <returns>The number of symbols written; a character that the vocabulary cannot express at all vanishes.</returns>
    public abstract int ToSymbols(ReadOnlySpan<char> piece, Span<int> symbols);

    /// <summary>The id of the whole piece where it is itself a token, else -1.</summary>
    public abstract int FindWhole(ReadOnlySpan<char> piece);
}
