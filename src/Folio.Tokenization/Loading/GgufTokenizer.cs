using System.Text;
using Folio.Tokenization.Bpe;
using Folio.Tokenization.Decoding;
using Folio.Tokenization.Normalizing;
using Folio.Tokenization.PreTokenizing;

namespace Folio.Tokenization.Loading;

/// <summary>Builds a tokenizer from GGUF metadata; defaults are llama.cpp's.</summary>
internal static class GgufTokenizer
{
    private const int Normal = 1, Unknown = 2, Control = 3, UserDefined = 4;

    public static TokenizerParts Read(GgufVocabulary gguf)
    {
        Check(gguf);
        var parts = new TokenizerParts(new Vocabulary(gguf.FileName));
        if (gguf.Model == "bert")
        {
            GgufWordPiece.Read(gguf, parts);
            return parts;
        }

        AddTokens(gguf.Tokens, gguf, parts);
        bool isSentencePiece = gguf.Model == "llama";
        bool addBos;
        if (isSentencePiece)
        {
            ReadSentencePiece(gguf, parts);
            addBos = gguf.AddBos ?? true;
        }
        else
        {
            GgufPreTokenizer pre = GgufPreTokenizer.Find(gguf);
            ReadByteLevel(gguf, parts, pre);
            addBos = gguf.AddBos ?? pre.AddBos;
        }

        parts.BosId = gguf.BosId ?? (isSentencePiece && gguf.Tokens.Count > 1 ? 1 : null);
        parts.EosId = gguf.EosId ?? (isSentencePiece && gguf.Tokens.Count > 2 ? 2 : null);
        if (addBos && parts.BosId is { } bos) parts.Prefix = [bos];
        if (gguf.AddEos == true && parts.EosId is { } eos) parts.Suffix = [eos];
        return parts;
    }

    private static void Check(GgufVocabulary gguf)
    {
        if (gguf.Model is not ("gpt2" or "llama" or "bert"))
            throw new TokenizerException($"{gguf.FileName}: tokenizer.ggml.model '{gguf.Model}' is not supported; supported: gpt2 (byte-level BPE), llama (SentencePiece BPE), bert (WordPiece).");
        if (gguf.Tokens.Count == 0) throw new TokenizerException($"{gguf.FileName}: tokenizer.ggml.tokens is empty.");
        CheckLength(gguf, "scores", gguf.Scores?.Count);
        CheckLength(gguf, "token_type", gguf.TokenTypes?.Count);
        CheckId(gguf, "bos", gguf.BosId);
        CheckId(gguf, "eos", gguf.EosId);
        CheckId(gguf, "unknown", gguf.UnkId);
        CheckId(gguf, "cls", gguf.ClsId);
        CheckId(gguf, "seperator", gguf.SepId); // so spelt in the files
    }

    private static void CheckLength(GgufVocabulary gguf, string name, int? length)
    {
        if (length is { } count && count != gguf.Tokens.Count)
            throw new TokenizerException($"{gguf.FileName}: tokenizer.ggml.{name} has {count} entries for {gguf.Tokens.Count} tokens.");
    }

    private static void CheckId(GgufVocabulary gguf, string name, int? id)
    {
        if (id is { } value && (uint)value >= (uint)gguf.Tokens.Count)
            throw new TokenizerException($"{gguf.FileName}: tokenizer.ggml.{name}_token_id is {value}, but there are {gguf.Tokens.Count} tokens.");
    }

    /// <param name="tokens">The file's, as they are to be looked for.</param>
    internal static void AddTokens(IReadOnlyList<string> tokens, GgufVocabulary gguf, TokenizerParts parts)
    {
        byte[] piece = new byte[256];
        for (int id = 0; id < tokens.Count; id++)
        {
            string token = tokens[id];
            if (Encoding.UTF8.GetMaxByteCount(token.Length) > piece.Length) piece = new byte[Encoding.UTF8.GetMaxByteCount(token.Length)];
            parts.Vocabulary.Add(piece.AsSpan(0, Encoding.UTF8.GetBytes(token, piece)), id, mayRepeat: true);
            int type = gguf.TokenTypes?[id] ?? (id == gguf.BosId || id == gguf.EosId ? Control : Normal);
            if (type is Control or Unknown) parts.Vocabulary.Special.Add(id);
            if (type is Control or Unknown or UserDefined) parts.Added.Add(new AddedToken(id, token, IsSpecial: type != UserDefined));
        }

        parts.Vocabulary.Seal();
    }

    private static void ReadByteLevel(GgufVocabulary gguf, TokenizerParts parts, GgufPreTokenizer pre)
    {
        if (gguf.Merges is null) throw new TokenizerException($"{gguf.FileName}: tokenizer.ggml.merges is missing.");
        var merges = new MergeTable(parts.Vocabulary.Size, gguf.Merges.Count);
        var pairs = new PairReader(parts.Vocabulary, merges);
        byte[] buffer = new byte[512];
        for (int rank = 0; rank < gguf.Merges.Count; rank++)
        {
            string merge = gguf.Merges[rank];
            if (Encoding.UTF8.GetMaxByteCount(merge.Length) > buffer.Length) buffer = new byte[Encoding.UTF8.GetMaxByteCount(merge.Length)];
            try
            {
                pairs.Add(buffer.AsSpan(0, Encoding.UTF8.GetBytes(merge, buffer)), rank);
            }
            catch (TokenizerException e)
            {
                throw new TokenizerException($"{gguf.FileName}: {e.Message}", e);
            }
        }

        foreach (string pattern in pre.Patterns) parts.Splitters.Add(new Splitter(pattern));
        parts.Model = new BpeModel(new BytesAlphabet(parts.Vocabulary), merges, pre.IgnoreMerges);
        parts.Decoder = new ByteLevelDecoder();
    }

    private static void ReadSentencePiece(GgufVocabulary gguf, TokenizerParts parts)
    {
        bool addSpace = gguf.AddSpacePrefix ?? true;
        if (addSpace) parts.Normalizers.Add(new PrependStep("▁"));
        parts.Normalizers.Add(new ReplaceStep(" ", "▁"));
        parts.Model = ScoredPairs.BuildModel(gguf, parts.Vocabulary, out MergeTable merges);
        if (WordBoundaries.AreNeverJoined(parts.Vocabulary, merges)) parts.Splitters.Add(WordBoundaries.NewSplitter());
        parts.Decoder = new SentencePieceDecoder("▁", byteFallback: true, strip: addSpace ? 1 : 0);
    }
}
