using System.Buffers;
using System.Text;
using Folio.Tokenization.Bpe;

namespace Folio.Tokenization.Loading;

/// <summary>SentencePiece's BPE has no list of merges: two symbols join where their texts together are a piece, the piece with the highest score first.</summary>
internal static class ScoredPairs
{
    // Taking a piece apart at every character costs the square of its length. Published vocabularies have pieces of up to some 100 bytes.
    private const int LongestPiece = 512;
    private const int CodePoints = 0x110000;

    public static BpeModel BuildModel(GgufVocabulary gguf, Vocabulary vocabulary, out MergeTable merges)
    {
        if (gguf.Scores is null) throw new TokenizerException($"{gguf.FileName}: tokenizer.ggml.scores is missing.");
        int[] ranks = RankByScore(gguf);
        merges = new MergeTable(vocabulary.Size + CodePoints, 4 * gguf.Tokens.Count);
        var extra = new Dictionary<int, int>();     // characters that occur inside pieces without being one: code point → symbol
        for (int id = 0; id < gguf.Tokens.Count; id++)
        {
            if ((gguf.TokenTypes?[id] ?? 1) == 1) AddSplits(gguf, vocabulary, merges, extra, id, ranks[id]);
        }

        int unknown = gguf.UnkId ?? 0;
        var alphabet = new CharactersAlphabet(vocabulary, byteFallback: true, unknown, fuseUnknown: true, extra);
        if (extra.Count == 0) return new BpeModel(alphabet, merges, wholeFirst: false);

        // A character of the extra ones that joined nothing is spelt as if it were not there.
        var plain = new CharactersAlphabet(vocabulary, byteFallback: true, unknown, fuseUnknown: true);
        string[] texts = new string[extra.Count];
        foreach ((int rune, int symbol) in extra) texts[symbol - vocabulary.Size] = new Rune(rune).ToString();
        return new BpeModel(alphabet, merges, wholeFirst: false, vocabulary.Size, symbol =>
        {
            int[] spelt = new int[4];
            return spelt[..plain.ToSymbols(texts[symbol - vocabulary.Size], spelt)];
        });
    }

    private static void AddSplits(GgufVocabulary gguf, Vocabulary vocabulary, MergeTable merges, Dictionary<int, int> extra, int id, int rank)
    {
        ReadOnlySpan<byte> piece = vocabulary.Piece(id);
        if (piece.Length > LongestPiece) throw new TokenizerException($"{gguf.FileName}: token {id} is {piece.Length} bytes long; at most {LongestPiece} are expected in a SentencePiece vocabulary.");
        for (int cut = 1; cut < piece.Length; cut++)
        {
            if ((piece[cut] & 0xC0) == 0x80) continue;      // inside a character
            int left = Symbol(piece[..cut]), right = Symbol(piece[cut..]);
            if (left >= 0 && right >= 0) merges.Add(left, right, rank, id);
        }

        int Symbol(ReadOnlySpan<byte> text)
        {
            int found = vocabulary.Find(text);
            if (found >= 0 || text.Length > 4 || Rune.DecodeFromUtf8(text, out Rune rune, out int length) != OperationStatus.Done || length != text.Length) return found;
            if (!extra.TryGetValue(rune.Value, out int symbol)) extra[rune.Value] = symbol = vocabulary.Size + extra.Count;
            return symbol;
        }
    }

    /// <summary>[tokens] 0 for the highest score; equal scores have equal ranks.</summary>
    private static int[] RankByScore(GgufVocabulary gguf)
    {
        float[] scores = [.. gguf.Scores!];
        if (Array.Exists(scores, float.IsNaN)) throw new TokenizerException($"{gguf.FileName}: tokenizer.ggml.scores has a value that is not a number.");
        int[] order = [.. Enumerable.Range(0, scores.Length)];
        Array.Sort([.. scores.Select(score => -score)], order);
        int[] ranks = new int[scores.Length];
        for (int i = 1; i < order.Length; i++) ranks[order[i]] = ranks[order[i - 1]] + (scores[order[i]] == scores[order[i - 1]] ? 0 : 1);
        return ranks;
    }
}
