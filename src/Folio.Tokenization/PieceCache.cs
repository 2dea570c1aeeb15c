using System.Runtime.InteropServices;

namespace Folio.Tokenization;

/// <summary>A fixed number of short pieces and their ids. Any thread reads and writes without a lock: an entry is whole before it is visible and never changes.</summary>
/// <remarks>Each piece has one place; a newer one takes it over. Memory stays under 10 MB whatever is encoded.</remarks>
internal sealed class PieceCache
{
    private const int LongestPiece = 48;
    private const int Places = 1 << 15;

    private readonly Entry?[] _entries = new Entry?[Places];

    public bool TryFind(ReadOnlySpan<char> piece, out uint hash, out ReadOnlySpan<int> ids)
    {
        hash = 0;
        ids = default;
        if (piece.Length > LongestPiece) return false;
        hash = SpanHash.Of(MemoryMarshal.AsBytes(piece));
        Entry? entry = Volatile.Read(ref _entries[hash & (Places - 1)]);
        if (entry is null || !piece.SequenceEqual(entry.Piece)) return false;
        ids = entry.Ids;
        return true;
    }

    /// <param name="piece">The piece.</param>
    /// <param name="hash">As <see cref="TryFind"/> gave it.</param>
    /// <param name="ids">The list that the piece's ids end.</param>
    /// <param name="from">Where they begin.</param>
    public void Remember(ReadOnlySpan<char> piece, uint hash, List<int> ids, int from)
    {
        if (piece.Length > LongestPiece) return;
        Volatile.Write(ref _entries[hash & (Places - 1)], new Entry(piece.ToString(), CollectionsMarshal.AsSpan(ids)[from..].ToArray()));
    }

    private sealed class Entry(string piece, int[] ids)
    {
        public readonly string Piece = piece;
        public readonly int[] Ids = ids;
    }
}
