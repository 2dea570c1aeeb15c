using Folio.Tokenization.Decoding;
using Folio.Tokenization.Normalizing;
using Folio.Tokenization.PreTokenizing;
using Folio.Tokenization.WordPiece;

namespace Folio.Tokenization.Loading;

/// <summary>BERT's tokenizer in GGUF, where a word's first piece begins with ▁ and the others have no mark.</summary>
/// <remarks>Source: llama.cpp's converter (phantom spaces) and its WPM tokenizer, which takes every vocabulary for one of small letters without accents.</remarks>
internal static class GgufWordPiece
{
    private const string Prefix = WordPieceModel.UsualPrefix, Begin = "▁";

    public static void Read(GgufVocabulary gguf, TokenizerParts parts)
    {
        GgufTokenizer.AddTokens([.. gguf.Tokens.Select((token, id) => Piece(token, isMark: IsMark(gguf, token, id)))], gguf, parts);
        int unknown = gguf.UnkId ?? parts.Vocabulary.Find("[UNK]");
        int first = gguf.ClsId ?? gguf.BosId ?? parts.Vocabulary.Find("[CLS]"), last = gguf.SepId ?? gguf.EosId ?? parts.Vocabulary.Find("[SEP]");
        if (unknown < 0 || first < 0 || last < 0) throw new TokenizerException($"{gguf.FileName}: the vocabulary has no tokens [UNK], [CLS] and [SEP], and the file names no others for them.");
        parts.Normalizers.Add(new BertStep(cleanText: true, spaceIdeographs: true, stripAccents: true, lowercase: true));
        parts.Splitters.AddRange(BertPieces.Splitters());
        parts.Model = new WordPieceModel(parts.Vocabulary, Prefix, unknown, WordPieceModel.UsualLongestWord);
        parts.Decoder = new WordPieceDecoder(Prefix, cleanUp: true);
        (parts.BosId, parts.EosId, parts.Prefix, parts.Suffix) = (first, last, [first], [last]);
    }

    /// <summary>As tokenizer.json has it.</summary>
    private static string Piece(string token, bool isMark) => isMark ? token
        : token.StartsWith(Begin, StringComparison.Ordinal) ? token[Begin.Length..]
        : Prefix + token;

    /// <summary>The converter leaves what stands in brackets as it is.</summary>
    private static bool IsMark(GgufVocabulary gguf, string token, int id) => token is ['[', .., ']'] || id == gguf.ClsId || id == gguf.SepId || id == gguf.UnkId;
}
