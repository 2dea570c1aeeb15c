namespace Folio.Tokenization;

/// <summary>Makes tokens of the pieces that a text was split into, and remembers the short ones: most pieces of a text are words seen before.</summary>
internal abstract class PieceModel
{
    private readonly PieceCache _cache = new();

    /// <summary>Appends a piece's ids. Any number of threads.</summary>
    public void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        if (_cache.TryFind(piece, out uint hash, out ReadOnlySpan<int> known))
        {
            ids.AddRange(known);
            return;
        }

        int before = ids.Count;
        EncodeNew(piece, ids);
        _cache.Remember(piece, hash, ids, before);
    }

    protected abstract void EncodeNew(ReadOnlySpan<char> piece, List<int> ids);
}
