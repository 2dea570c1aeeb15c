namespace Folio.Tokenization;

/// <summary>Makes tokens of the pieces that a text was split into.</summary>
internal abstract class PieceModel
{
    /// <summary>Appends a piece's ids. Any number of threads.</summary>
    public abstract void Encode(ReadOnlySpan<char> piece, List<int> ids);
}
