using System.Buffers;

namespace Folio.Tokenization.Bpe;

/// <summary>Encodes pieces of text by merging.</summary>
/// <param name="alphabet">What the symbols are.</param>
/// <param name="merges">Which pairs of them join.</param>
/// <param name="wholeFirst">A piece that is itself a token is that token, whatever the merges say (<c>ignore_merges</c>).</param>
/// <param name="symbolCount">Ids from here on are symbols without a token: <paramref name="fallback"/> spells them.</param>
internal sealed class BpeModel(Alphabet alphabet, MergeTable merges, bool wholeFirst, int symbolCount = int.MaxValue, Func<int, int[]>? fallback = null) : PieceModel
{
    private const int StackSymbols = 256;

    protected override void EncodeNew(ReadOnlySpan<char> piece, List<int> ids)
    {
        if (wholeFirst && alphabet.FindWhole(piece) is >= 0 and int whole)
        {
            ids.Add(whole);
            return;
        }

        int most = checked(piece.Length * Alphabet.MostSymbolsPerChar);
        int[]? rented = null;
        Span<int> symbols = most <= StackSymbols ? stackalloc int[StackSymbols] : rented = ArrayPool<int>.Shared.Rent(most);
        int count = alphabet.ToSymbols(piece, symbols);
        count = Merger.Merge(merges, symbols[..count]);
        foreach (int symbol in symbols[..count])
        {
            if (symbol < symbolCount) ids.Add(symbol);
            else ids.AddRange(fallback!(symbol));
        }

        if (rented is not null) ArrayPool<int>.Shared.Return(rented);
    }
}
