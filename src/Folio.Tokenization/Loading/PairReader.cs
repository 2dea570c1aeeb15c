using System.Text;
using Folio.Tokenization.Bpe;

namespace Folio.Tokenization.Loading;

/// <summary>Puts merges, written as two pieces, into a <see cref="MergeTable"/> of ids; no string is made.</summary>
internal sealed class PairReader(Vocabulary vocabulary, MergeTable merges)
{
    private byte[] _joined = new byte[256];

    /// <summary>A merge of the form "left right".</summary>
    public void Add(ReadOnlySpan<byte> merge, int rank)
    {
        int space = merge.IndexOf((byte)' ');
        if (space < 0 || merge[(space + 1)..].Contains((byte)' ')) throw new TokenizerException($"merge {rank}, '{Encoding.UTF8.GetString(merge)}', is expected to be two tokens with a space between.");
        Add(merge[..space], merge[(space + 1)..], rank);
    }

    public void Add(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, int rank)
    {
        int length = left.Length + right.Length;
        if (length > _joined.Length) _joined = new byte[length];
        left.CopyTo(_joined);
        right.CopyTo(_joined.AsSpan(left.Length));
        merges.Add(Find(left, rank), Find(right, rank), rank, Find(_joined.AsSpan(0, length), rank));
    }

    private int Find(ReadOnlySpan<byte> piece, int rank)
    {
        int id = vocabulary.Find(piece);
        return id >= 0 ? id : throw new TokenizerException($"merge {rank} names '{Encoding.UTF8.GetString(piece)}', which the vocabulary lacks.");
    }
}
